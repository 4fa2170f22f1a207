"""The offices may write news and the pages of the site."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from forum.rights import write_offices

# As it was with this migration; a later one gives more.
MONTHLY_WORK = (
    "meetings.view_meeting",
    "meetings.change_meeting",
    "members.view_person",
    "members.add_person",
    "members.change_person",
    "members.reset_second_step",
    "members.view_trust",
    "members.add_trust",
    "members.change_trust",
    "members.view_trustrole",
    "members.view_mailinglist",
    "members.view_subscription",
    "outbox.view_message",
    "outbox.view_mailing",
    "outbox.view_sendingswitch",
    "outbox.change_sendingswitch",
    "audit.view_auditentry",
    "communities.view_community",
    "communities.add_community",
    "communities.change_community",
    "publications.view_guide",
    "publications.add_guide",
    "publications.change_guide",
    "publications.view_page",
    "publications.change_page",
    "publications.view_newsitem",
    "publications.add_newsitem",
    "publications.change_newsitem",
)


def make_offices(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    write_offices(apps, {"chair": (*MONTHLY_WORK, "members.give_office"), "deputy": MONTHLY_WORK})


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("forum", "0001_offices"),
        ("publications", "0003_pages_and_news"),
    ]
    operations: ClassVar = [migrations.RunPython(make_offices, migrations.RunPython.noop)]
