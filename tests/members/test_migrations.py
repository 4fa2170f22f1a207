"""What a fresh database holds from the first day."""

import importlib

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from members.models import MailingList

pytestmark = pytest.mark.django_db


def test_the_forums_list_is_made_once():
    make_list = importlib.import_module("members.migrations.0002_forum_list").make_list
    MailingList.objects.all().delete()
    make_list(apps, None)
    make_list(apps, None)
    row = MailingList.objects.get()
    assert (row.slug, row.label, row.home) == ("forum", "Forum meeting", "/meetings/")


@pytest.mark.django_db(transaction=True)
def test_people_who_are_here_already_each_get_a_feed_of_their_own():
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()
    old = executor.migrate([("members", "0002_forum_list")]).apps
    for number in (1, 2):
        old.get_model("members.Person").objects.create(
            email=f"{number}@trust.example", address_key=str(number)
        )
    executor = MigrationExecutor(connection)
    executor.migrate(newest)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT feed_key) FROM members_person")
        assert cursor.fetchone() == (2,)
