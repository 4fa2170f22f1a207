"""What a fresh database holds from the first day."""

import importlib

import pytest
from django.apps import apps

from members.models import MailingList

pytestmark = pytest.mark.django_db


def test_the_forums_list_is_made_once():
    make_list = importlib.import_module("members.migrations.0002_forum_list").make_list
    MailingList.objects.all().delete()
    make_list(apps, None)
    make_list(apps, None)
    row = MailingList.objects.get()
    assert (row.slug, row.label, row.home) == ("forum", "Forum meeting", "/meetings/")
