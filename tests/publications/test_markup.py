"""The small text form: what each mark becomes, and that nothing written can do harm."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publications import markup

MAILBOX = "forum@forum.example"


def opening(text: str) -> str:
    return markup.read(text, mailbox=MAILBOX).opening


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("One.", "<p>One.</p>"),
        ("One\ngoes on.\n\nTwo.", "<p>One goes on.</p>\n<p>Two.</p>"),
        (
            "Bring:\n- a pen\n- paper\n  and ink\nThat is all.",
            "<p>Bring:</p>\n<ul><li>a pen</li><li>paper and ink That is all.</li></ul>",
        ),
        ("- a\n\nAfter.", "<ul><li>a</li></ul>\n<p>After.</p>"),
        ("1. a\n2. b\n- c", "<ol><li>a</li><li>b</li></ol>\n<ul><li>c</li></ul>"),
        ("### Small\nText", "<h3>Small</h3>\n<p>Text</p>"),
        ("> Said\n> so", "<blockquote><p>Said so</p></blockquote>"),
        (
            "On 6 November 2025, in October 2022.",
            "<p>On 6\u00a0November\u00a02025, in October\u00a02022.</p>",
        ),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("[All dates](/meetings/)", '<p><a href="/meetings/">All dates</a></p>'),
        ("Write to [address].", f'<p>Write to <a href="mailto:{MAILBOX}">{MAILBOX}</a>.</p>'),
        (
            "See https://gov.uk/a?b=1&c.",
            '<p>See <a href="https://gov.uk/a?b=1&amp;c" class="spelled-out">https://gov.uk/a?b=1&amp;c</a>.</p>',
        ),
        ("[Ring](tel:+441214960000)", '<p><a href="tel:+441214960000">Ring</a></p>'),
        ("[Mail](mailto:a@b.example)", '<p><a href="mailto:a@b.example">Mail</a></p>'),
        ("#no heading", "<p>#no heading</p>"),
        ("-no item", "<p>-no item</p>"),
    ],
)
def test_each_mark(text: str, html: str) -> None:
    assert opening(text) == html


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "http://gov.uk/",
        "//evil.example/",
        "/\\evil.example/",
        "https://gov.uk@evil.example/",
        "https://",
        "https://[",
        'https://a.example/"onclick="x',
        "mailto:a@b.example?bcc=all@c.example",
        "tel:abc",
        "meetings/",
        "/a'b/",
    ],
)
def test_a_link_leads_only_where_it_may(address: str) -> None:
    written = opening(f"[Press here]({address})")
    assert "Press here" in written and "<a" not in written


def test_sections_have_their_own_anchors() -> None:
    text = markup.read("Before.\n## One\nA.\n## One\n## ???\n## Content\nB.", mailbox=MAILBOX)
    assert text.opening == "<p>Before.</p>"
    assert [(one.title, one.anchor, one.html) for one in text.sections] == [
        ("One", "one", "<p>A.</p>"),
        ("One", "one-2", ""),
        ("???", "section", ""),
        ("Content", "content-2", "<p>B.</p>"),
    ]


@given(st.text(alphabet="ab <>&\"'[]()/:.#->1\n\\@htps", max_size=200))
def test_whatever_is_written_only_known_tags_come_out(text: str) -> None:
    whole = markup.read(text, mailbox=MAILBOX)
    html = whole.opening + "".join(section.html for section in whole.sections)
    tags = re.findall(r"<[^>]*>", html)
    known = re.compile(
        r"</?(p|ul|ol|li|h3|blockquote|a)>"
        r'|<a href="(https://|mailto:|tel:|/(?![/\\]))[^"<>\s]*"( class="spelled-out")?>'
    )
    assert [tag for tag in tags if not known.fullmatch(tag)] == []
    assert "<" not in re.sub(r"<[^>]*>", "", html)
