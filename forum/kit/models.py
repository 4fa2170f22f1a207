"""The base of every table that people's acts fill: when its row was made."""

from django.db import models

from forum.kit import clock


class Stamped(models.Model):
    """A row that knows when it was made, by the portal's clock."""

    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True
