"""Who was welcomed; whoever is on a list already counts as welcomed, so that no upgrade mails everybody."""

from typing import ClassVar

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import forum.kit.clock


def count_as_welcomed(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    welcome, subscription = apps.get_model("meetings.Welcome"), apps.get_model("members.Subscription")
    welcome.objects.bulk_create(
        [
            welcome(subscription_id=pk, opened_at=opened_at)
            for pk, opened_at in subscription.objects.values_list("pk", "started_at")
        ],
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("meetings", "0001_initial"), ("members", "0004_second_step")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Welcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=forum.kit.clock.now, editable=False)),
                ("opened_at", models.DateTimeField()),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="welcomes",
                        to="members.subscription",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("subscription", "opened_at"), name="welcome_once")
                ],
            },
        ),
        migrations.RunPython(count_as_welcomed, migrations.RunPython.noop),
    ]
