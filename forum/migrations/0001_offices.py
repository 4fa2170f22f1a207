"""The groups *chair* and *deputy* with their permissions, and the table in which sign-in limits are counted."""

from typing import ClassVar

from django.apps.registry import Apps
from django.core.management import call_command
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
)


def make_offices(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    write_offices(apps, {"chair": (*MONTHLY_WORK, "members.give_office"), "deputy": MONTHLY_WORK})


def make_limits(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    call_command("createcachetable", database=editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("members", "0004_second_step"),
        ("meetings", "0001_initial"),
        ("communities", "0001_initial"),
        ("publications", "0001_initial"),
        ("outbox", "0001_initial"),
        ("audit", "0001_initial"),
    ]
    operations: ClassVar = [
        migrations.RunPython(make_offices, migrations.RunPython.noop),
        migrations.RunPython(make_limits, migrations.RunPython.noop),
    ]
