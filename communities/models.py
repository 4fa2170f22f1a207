"""Communities of Practice."""

from typing import ClassVar

from django.db import models

from forum.kit import characters
from forum.kit.models import Stamped


class Community(Stamped):
    """A group of peers from several trusts at work on one shared problem.

    Shape: `question` is its problem of practice in a sentence; `list` invites its members to its sessions.
    """

    class State(models.TextChoices):
        """Where it is in its life."""

        OPEN = "open", "Open to join"
        WRITING_UP = "writing_up", "Writing up"
        RESTING = "resting", "Resting"
        CONCLUDED = "concluded", "Concluded"

    class Colour(models.TextChoices):
        """The rule above its name."""

        PLUM = "plum", "Plum"
        SLATE = "slate", "Slate"
        RUST = "rust", "Rust"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120, validators=[characters.ONE_LINE])
    question = models.CharField("problem of practice", max_length=240)
    domain = models.CharField("what it cares about", max_length=240, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    colour = models.CharField(max_length=6, choices=Colour, default=Colour.PLUM)
    list = models.OneToOneField("members.MailingList", on_delete=models.PROTECT, related_name="+")
    facilitators: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        "members.Person", blank=True, related_name="facilitated"
    )

    class Meta:
        verbose_name_plural = "communities"
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.name
