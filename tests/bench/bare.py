"""The yardstick of the pages: a bare Django page with three queries and thirty rows."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from communities.models import Community
from meetings.models import Meeting
from publications.models import Guide

ROWS = 30
_PAGE = """<!DOCTYPE html>
<html lang="en">
  <head><title>{{ rows.0.starts_at|date:"Y" }}</title><link rel="stylesheet" href="/static/css/site.min.css"></head>
  <body>
    <h1>Dates</h1>
    {% if request.user.is_authenticated %}<p>{{ request.user.name }}</p>{% endif %}
    <table>
      {% for row in rows %}
        <tr>
          <th><a href="/meetings/{{ row.year }}/{{ row.slug }}/">{{ row.starts_at|date:"l j F Y" }}</a></th>
          <td>{{ row.starts_at|date:"g:i a" }} to {{ row.ends_at|date:"g:i a" }}</td>
          <td>{{ row.theme }}</td>
          <td>{{ row.place }}</td>
        </tr>
      {% endfor %}
    </table>
    <ul>{% for one in communities %}<li>{{ one.name }}: {{ one.question }}</li>{% endfor %}</ul>
    <ul>{% for one in guides %}<li>{{ one.title }}</li>{% endfor %}</ul>
  </body>
</html>
"""


@cache
def _template() -> Any:
    return engines["django"].from_string(_PAGE)


def page(request: HttpRequest) -> HttpResponse:
    """Thirty rows of a table, and two short lists."""
    meetings = list(Meeting.objects.order_by("starts_at")[:ROWS])
    rows = (meetings * ROWS)[:ROWS]
    context = {
        "rows": rows,
        "communities": list(Community.objects.all()),
        "guides": list(Guide.objects.all()),
    }
    return HttpResponse(_template().render(context, request))


page.login_required = False  # type: ignore[attr-defined]
urlpatterns = [path("", page)]
