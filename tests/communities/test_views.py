"""Doors of the third storey."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from members.models import Person
from tests import make

pytestmark = pytest.mark.django_db

PATH = "/communities/"


@pytest.mark.parametrize("who", ["visitor", "priya", "grace", "tracy"])
def test_doors(who: str, request: pytest.FixtureRequest, as_person: Callable[[Person], Client]) -> None:
    client = Client() if who == "visitor" else as_person(request.getfixturevalue(who))
    methods = {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}
    assert {method: client.generic(method, PATH).status_code for method in methods} == methods


def test_without_communities_the_page_says_so(visitor: Client) -> None:
    assert "No community has begun yet" in visitor.get(PATH).content.decode()


def test_each_community_shows_its_question_and_state_and_no_people(visitor: Client, grace: Person) -> None:
    make.community(
        "Leading subjects", question="How do we lead a subject well?", state="writing_up", colour="rust"
    )
    page = visitor.get(PATH).content.decode()
    assert "Is our CPD working?" in page and "Open to join" in page
    assert "How do we lead a subject well?" in page
    assert '<span class="tag tag-rust">Writing up</span>' in page
    assert grace.name not in page


@pytest.mark.parametrize("number", [1, 9])
def test_the_list_asks_little(number: int, visitor: Client, django_assert_num_queries: Any) -> None:
    make.meeting()
    for _ in range(number):
        make.community()
    with django_assert_num_queries(4):
        visitor.get(PATH)
