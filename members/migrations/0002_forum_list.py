"""The Forum's own mailing list exists from the first day: every meeting of the Forum invites it."""

from django.db import migrations


def make_list(apps, schema_editor):
    """Makes the list unless it is there."""
    apps.get_model("members", "MailingList").objects.get_or_create(
        slug="forum", defaults={"label": "Forum meeting", "home": "/meetings/"}
    )


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial")]
    operations = [migrations.RunPython(make_list, migrations.RunPython.noop)]
