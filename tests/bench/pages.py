"""Pages beside a bare Django page with the same queries and rows, in the same run: ./run bench pages [--json].

Weights are gzipped kB of a first visit; queries are those of a page that nobody opened before; CPU is user and system
seconds of the server for one request, as the median of alternating rounds, divided by that of the bare page.
"""

import argparse
import gzip
import json
import os
import re
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import django
from django.test.utils import CaptureQueriesContext, override_settings, setup_databases, teardown_databases

ROUNDS, REQUESTS = 7, 20
STATIC = Path(__file__).resolve().parents[2] / "static"
BARE = {
    "ROOT_URLCONF": "tests.bench.bare",
    "MIDDLEWARE": [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What one page costs. Units: gzipped kB; ratios are to the bare page, `kept_ratio` of a page that is kept."""

    html_kb: float
    css_kb: float
    js_kb: float
    fonts_kb: float
    queries: int
    cpu_ratio: float
    kept_ratio: float | None


def main() -> None:
    """Fills a database of its own, weighs each page, prints a table, and with --json one line of all figures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--json", action="store_true")
    options = words.parse_args()
    kept = setup_databases(verbosity=0, interactive=False)
    try:
        addresses, clients = _world()
        weights = {name: _weigh(path, clients[who]) for name, (path, who) in addresses.items()}
    finally:
        teardown_databases(kept, verbosity=0)
    print(f"{'page':24} {'html':>6} {'css':>6} {'js':>6} {'fonts':>6} {'queries':>8} {'cpu':>6} {'kept':>6}")
    for name, one in weights.items():
        kept_ratio = "-" if one.kept_ratio is None else f"{one.kept_ratio:.2f}"
        print(
            f"{name:24} {one.html_kb:6.1f} {one.css_kb:6.1f} {one.js_kb:6.1f} {one.fonts_kb:6.1f} "
            f"{one.queries:8} {one.cpu_ratio:6.2f} {kept_ratio:>6}"
        )
    print("gzipped kB; cpu and kept are ratios to a bare Django page with 3 queries and 30 rows")
    if options.json:
        print(json.dumps({"pages": {name: asdict(one) for name, one in weights.items()}}))


def _world() -> tuple[dict[str, tuple[str, str]], dict[str, Any]]:
    chair = make.person("Tracy Goodyear", "chair@forum.example", office="chair", is_staff=True)
    lead = make.person("Priya Raman", "priya@whinfell.example")
    make.role(lead, make.trust("Whinfell Learning Trust"), "lead")
    make.subscribed(lead)
    first = clock.now() + timedelta(days=10)
    made = [
        make.meeting(
            f"{first + timedelta(days=30 * count):%Y-%m-%d} 10:00", theme="Coaching", agenda="10:00am Welcome"
        )
        for count in range(11)
    ]
    for count in range(3):
        make.community(f"Community {count}")
        make.guide(f"Guide {count}")
    lead_client, visitor = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    lead_client.force_login(lead, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert chair.office
    year = reverse("meetings:year", args=[made[0].year])
    meeting = reverse("meetings:meeting", args=[made[0].year, made[0].slug])
    found = {
        "home": ("/", "visitor"),
        "dates": (year, "visitor"),
        "meeting": (meeting, "visitor"),
        "dates, signed in": (year, "lead"),
        "meeting, signed in": (meeting, "lead"),
        "calendar, signed in": (reverse("meetings:calendar"), "lead"),
    }
    return found | _public_pages(set(found)), {"visitor": visitor, "lead": lead_client}


def _public_pages(known: set[str]) -> dict[str, tuple[str, str]]:
    """Every other page for everybody whose address needs no value."""
    return {
        name: (f"/{route}", "visitor")
        for name, route, pattern in doors()
        if getattr(pattern.callback, "is_public_page", False)
        and "<" not in route
        and name not in {*known, "meetings:year-now"}
    }


def _weigh(path: str, client: Any) -> Weight:
    pages = caches["pages"]
    pages.clear()
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(path)
        queries = len(seen)
    assert answer.status_code == 200, path
    content = answer.content
    is_kept = "ETag" in answer

    def fresh() -> None:
        pages.clear()
        client.get(path)

    def again() -> None:
        client.get(path)

    ours, plain, kept = [], [], []
    bare = Client(SERVER_NAME="localhost")
    bare.cookies = client.cookies  # signed in if the other one is
    for _ in range(ROUNDS):
        ours.append(_cpu(fresh))
        with override_settings(**BARE):
            plain.append(_cpu(lambda: bare.get("/")))
        if is_kept:
            kept.append(_cpu(again))
    floor = statistics.median(plain)
    return Weight(
        html_kb=_kb(content),
        **_files(content.decode()),
        queries=queries,
        cpu_ratio=round(statistics.median(ours) / floor, 2),
        kept_ratio=round(statistics.median(kept) / floor, 2) if kept else None,
    )


def _cpu(act: Any) -> float:
    act()
    begun = time.process_time()
    for _ in range(REQUESTS):
        act()
    return (time.process_time() - begun) / REQUESTS


def _files(page: str) -> dict[str, float]:
    """What the page fetches besides itself; of the fonts those for plain English."""
    named = {unquote(found) for found in re.findall(r'(?:href|src)="/static/([^"?#]+)"', page)}
    css = [name for name in named if name.endswith(".css")]
    latin = {
        found for name in css for found in re.findall(r"fonts/[\w-]+latin-wght[\w-]*\.woff2", _text(name))
    }
    return {
        "css_kb": round(sum(_kb((STATIC / name).read_bytes()) for name in css), 1),
        "js_kb": round(sum(_kb((STATIC / name).read_bytes()) for name in named if name.endswith(".js")), 1),
        "fonts_kb": round(sum((STATIC / name).stat().st_size for name in latin) / 1000, 1),
    }


def _text(name: str) -> str:
    return (STATIC / name).read_text()


def _kb(content: bytes) -> float:
    return round(len(gzip.compress(content, compresslevel=9)) / 1000, 1)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forum.settings")
    django.setup()
    import logging
    from datetime import timedelta

    from django.core.cache import caches
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from forum.kit import clock
    from tests import make
    from tests.walk.world import doors

    logging.disable(logging.CRITICAL)
    main()
