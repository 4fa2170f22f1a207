"""Doors of the fourth storey."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from members.models import Person
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db

PATH = "/guides/"


@pytest.mark.parametrize("who", ["visitor", "priya", "tracy"])
def test_doors(who: str, request: pytest.FixtureRequest, as_person: Callable[[Person], Client]) -> None:
    client = Client() if who == "visitor" else as_person(request.getfixturevalue(who))
    methods = {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}
    assert {method: client.generic(method, PATH).status_code for method in methods} == methods


def test_without_guides_the_page_says_so(visitor: Client) -> None:
    assert "No guide is ready yet" in visitor.get(PATH).content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"published_on": date(2025, 10, 20)}, "Published on 20\u00a0October\u00a02025"),
        ({"published_on": date(2025, 10, 21), "due": "soon"}, "Expected on 21\u00a0October\u00a02025"),
        ({"due": "autumn 2025"}, "Expected autumn 2025"),
        ({}, "In preparation"),
    ],
)
def test_each_guide_says_when(
    fields: dict[str, Any], words: str, visitor: Client, portal_clock: Hand
) -> None:
    make.guide("Subject Leadership", summary="What volunteers found.", **fields)
    page = visitor.get(PATH).content.decode()
    assert "Subject Leadership" in page and "What volunteers found." in page
    assert words in page


@pytest.mark.parametrize("number", [1, 9])
def test_the_list_asks_little(number: int, visitor: Client, django_assert_num_queries: Any) -> None:
    make.meeting()
    for _ in range(number):
        make.guide()
    with django_assert_num_queries(4):
        visitor.get(PATH)
