"""Named permissions: who gives offices, who takes away a lost second step."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("members", "0003_feed_key")]
    operations: ClassVar = [
        migrations.AlterModelOptions(
            name="person",
            options={
                "ordering": ["name", "id"],
                "permissions": [
                    ("give_office", "Can give and take offices of the Forum"),
                    ("reset_second_step", "Can take away somebody’s second step of signing in"),
                ],
                "verbose_name_plural": "people",
            },
        ),
    ]
