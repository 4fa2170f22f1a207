"""The secret in the address of each person's calendar feed; rows that are here already each get their own."""

import uuid
from typing import ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("members", "0002_forum_list")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="person",
            name="feed_key",
            field=models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False),
        ),
    ]
