"""Calendar files and feeds as answers: nothing is sent twice while nothing has changed."""

from datetime import datetime
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

KEPT_SECONDS = 300


def answer(
    request: HttpRequest, body: bytes, edited_at: datetime | None, *, filename: str = ""
) -> HttpResponseBase:
    """A calendar that a program may ask for again and again.

    Shape: with a file name it can be saved; a feed has none, so that calendars subscribe to it.
    Source: RFC 9110 8.8, 13.1.
    """
    etag = f'"{sha256(body).hexdigest()[:40]}"'
    edited = int(edited_at.timestamp()) if edited_at else None
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    if filename:
        response["Content-Disposition"] = f'inline; filename="{filename}"'
    response["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
    response["ETag"] = etag
    if edited is not None:
        response["Last-Modified"] = http_date(edited)
    return get_conditional_response(request, etag=etag, last_modified=edited, response=response) or response
