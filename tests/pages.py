"""What a test reads off a page as a person would: its words, its title, what its button sends."""

import re
from html import unescape

from django.db.models import Model
from django.http import HttpResponse

NOT_INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:")


def text_of(response: HttpResponse) -> str:
    """The page's words without its head and tags, on one line."""
    body = re.sub(r"(?s)^.*?<body", "<body", response.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ").split())


def title_of(response: HttpResponse) -> str:
    """The window's title."""
    found = re.search(r"(?s)<title>(.*?)</title>", response.content.decode())
    assert found
    return " ".join(unescape(found[1]).replace("\u00a0", " ").split())


def hidden(response: HttpResponse) -> dict[str, str]:
    """The hidden fields of a page's own form, as a press of its button sends them."""
    found = re.findall(r'<input type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', response.content.decode())
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def rows_of(*tables: type[Model]) -> dict[str, list[object]]:
    """Every row of some tables, to prove that nothing changed."""
    return {table.__name__: list(table._default_manager.order_by("pk").values()) for table in tables}
