"""What the Forum publishes."""

from typing import ClassVar

from django.db import models

from forum.kit import characters
from forum.kit.models import Stamped


class Guide(Stamped):
    """A publication that came out of a community's work.

    Shape: `due` says in words when to expect it, while it is not yet published.
    """

    slug = models.SlugField(unique=True)
    series = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=160, validators=[characters.ONE_LINE])
    summary = models.CharField(max_length=300, blank=True)
    due = models.CharField("expected", max_length=60, blank=True)
    published_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-published_on", "id"]

    def __str__(self) -> str:
        return self.title
