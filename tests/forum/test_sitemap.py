"""What search engines are told, and what every public page says of itself."""

import re
from xml.etree import ElementTree

import pytest
from django.test import Client

from forum import sitemap
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db

HERE = "http://localhost:8000"
SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def filled(portal_clock: Hand) -> None:
    """Some of everything that is public, and some that is not."""
    make.pages()
    make.meeting("2025-11-06 10:00")
    make.guide()
    make.news("Dates", "2025-09-01", slug="dates")
    make.news("Draft", slug="draft", state="draft")
    make.meeting("2025-11-19 15:45", of_list=make.community().list)


@pytest.mark.parametrize("path", ["/robots.txt", "/sitemap.xml"])
def test_doors(path: str, visitor: Client, filled: None):
    methods = {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}
    assert {method: visitor.generic(method, path).status_code for method in methods} == methods


def test_robots_are_kept_from_what_belongs_to_one_person(visitor: Client, db: None):
    answer = visitor.get("/robots.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.content.decode().splitlines()
    assert lines[0] == "User-agent: *" and lines[-1] == f"Sitemap: {HERE}/sitemap.xml"
    for path in ("/admin/", "/r/", "/mail/", "/feed/", "/me/", "/sign-in/", "/demo/"):
        assert f"Disallow: {path}" in lines


def listed(visitor: Client) -> list[str]:
    root = ElementTree.fromstring(visitor.get("/sitemap.xml").content)
    return [str(one.text).removeprefix(HERE) for one in root.iter(f"{SPACE}loc")]


def test_every_address_listed_is_a_page_for_everybody(visitor: Client, filled: None):
    paths = listed(visitor)
    assert len(paths) == len(set(paths))
    assert {
        "/",
        "/about/people/",
        "/meetings/2025-26/",
        "/meetings/2025-26/6-november/",
        "/news/dates/",
    } <= set(paths)
    assert not [
        path
        for path in paths
        if path.startswith(sitemap.KEPT_OUT) or "draft" in path or "19-november" in path
    ]
    for path in paths:
        assert visitor.get(path).status_code == 200, path


def test_every_public_page_says_what_a_shared_link_shows(visitor: Client, filled: None):
    for path in listed(visitor):
        page = visitor.get(path).content.decode()
        said = dict(re.findall(r'<meta\s+(?:property|name)="([\w:]+)"\s+content="([^"]*)">', page))
        assert said["description"] and said["og:title"] and said["og:description"] == said["description"], (
            path
        )
        assert said["og:url"] == f"{HERE}{path}" and said["twitter:card"] == "summary_large_image", path
        assert re.search(rf'<link rel="canonical"\s+href="{HERE}{path}">', page), path
        assert len(re.findall("<h1", page)) == 1, path
        assert said["og:image"].startswith(f"{HERE}/share/"), path
        assert visitor.get(said["og:image"].removeprefix(HERE)).status_code == 200, path


@pytest.mark.parametrize("number", [1, 9])
def test_the_list_asks_little(number: int, visitor: Client, django_assert_num_queries):
    for day in range(number):
        make.meeting(f"2025-11-{day + 3:02d} 10:00")
        make.news()
    with django_assert_num_queries(4):
        visitor.get("/sitemap.xml")
