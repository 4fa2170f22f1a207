"""Meetings, the calendar entries that stand for them, and who was invited."""

import uuid
from datetime import datetime
from typing import ClassVar, Self

from django.core.validators import URLValidator
from django.db import models
from django.urls import reverse

from forum.kit import characters, clock, wording
from forum.kit.models import Stamped


class MeetingQuerySet(models.QuerySet["Meeting"]):
    """Named reads of meetings."""

    def of_forum(self) -> Self:
        """The Forum's own meetings, without the communities' sessions."""
        return self.filter(list__slug="forum")

    def of_year(self, year: int) -> Self:
        """The meetings of the school year that begins in this year, in order."""
        return self.filter(year=year).order_by("starts_at", "id")

    def to_come(self, now: datetime) -> Self:
        """Meetings that are neither over nor cancelled, soonest first."""
        return self.filter(ends_at__gt=now, cancelled_at__isnull=True).order_by("starts_at", "id")


class Meeting(Stamped):
    """One meeting: one row and one public page for ever.

    Shape: it invites the people on its list from `invite_at` on; `year` is the one the school year begins in;
    `moved_from` is the time it was first published at, when that differs.
    Units: moments are UTC, decided and shown in Europe/London.
    """

    list = models.ForeignKey("members.MailingList", on_delete=models.PROTECT, related_name="meetings")
    year = models.PositiveSmallIntegerField("school year begins in", editable=False)
    slug = models.SlugField(editable=False)
    starts_at = models.DateTimeField("starts")
    ends_at = models.DateTimeField("ends")
    theme = models.CharField(max_length=200, blank=True, validators=[characters.ONE_LINE])
    agenda = models.TextField(blank=True, validators=[characters.LINES])
    place = models.CharField(max_length=120, default="Online (Zoom)", validators=[characters.ONE_LINE])
    join_url = models.URLField(
        "joining link",
        max_length=500,
        blank=True,
        validators=[URLValidator(schemes=["https"]), characters.ONE_LINE],
    )
    join_id = models.CharField("meeting ID", max_length=40, blank=True, validators=[characters.ONE_LINE])
    passcode = models.CharField(max_length=40, blank=True, validators=[characters.ONE_LINE])
    invite_at = models.DateTimeField("invitations go", null=True, blank=True, editable=False)
    moved_from = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_reason = models.CharField("reason", max_length=200, blank=True, validators=[characters.ONE_LINE])
    edited_at = models.DateTimeField(default=clock.now, editable=False)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="meeting_ends_after_start",
                violation_error_message="A meeting ends after it starts: check both times",
            ),
            models.UniqueConstraint(
                fields=["list", "year", "slug"],
                name="meeting_slug_once",
                violation_error_message="Another meeting has this address",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["ends_at"], name="meeting_ends_at"),
            models.Index(fields=["list", "year", "starts_at"], name="meeting_year"),
        ]

    def __str__(self) -> str:
        return wording.long_date(self.starts_at)

    def get_absolute_url(self) -> str:
        """The public page."""
        return reverse("meetings:meeting", kwargs={"year": self.year, "slug": self.slug})

    @property
    def time(self) -> tuple[datetime, datetime]:
        """Start and end."""
        return (self.starts_at, self.ends_at)


class OldAddress(Stamped):
    """An address that a meeting's page once had; it redirects for ever."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="old_addresses")
    year = models.PositiveSmallIntegerField()
    slug = models.SlugField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["meeting", "year", "slug"], name="oldaddress_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["year", "slug"], name="oldaddress_path")
        ]

    def __str__(self) -> str:
        return f"{self.year}/{self.slug}"


class CalendarEntry(Stamped):
    """One UID: what stands for a meeting in people's calendars. At most one of a meeting's entries is live.

    Shape: `revision` numbers the announced content, `time_revision` is the one that set the present time, `sequence`
    only rises, `settles_at` is the end of the two minutes in which the last act can be undone, `before` what that act
    changed, `ended_at` when it was cancelled for everyone, `told_from` what the list believes until it is told
    otherwise.
    Source: RFC 5545 §3.8.4.7, RFC 5546 §2.1.4.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="entries")
    uid = models.CharField(max_length=255, unique=True)
    revision = models.PositiveIntegerField(default=1)
    time_revision = models.PositiveIntegerField(default=1)
    sequence = models.PositiveIntegerField(default=0)
    revised_at = models.DateTimeField(default=clock.now)
    settles_at = models.DateTimeField(null=True, blank=True)
    act = models.CharField(max_length=20, blank=True)
    before = models.JSONField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    told_from = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "calendar entries"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["meeting"], condition=models.Q(ended_at__isnull=True), name="calendarentry_one_live"
            ),
        ]

    def __str__(self) -> str:
        return self.uid


class Revision(models.Model):
    """What one revision of a calendar entry says: kept so that a change can name what it changes."""

    entry = models.ForeignKey(CalendarEntry, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    place = models.CharField(max_length=120)
    join_url = models.CharField(max_length=500, blank=True)
    join_id = models.CharField(max_length=40, blank=True)
    passcode = models.CharField(max_length=40, blank=True)
    theme = models.CharField(max_length=200, blank=True)
    agenda = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["entry", "number"], name="revision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.number}"


class Invitation(Stamped):
    """One calendar entry in one person's hands, as we last posted it.

    Shape: `address` the last letter went to; `revision` it carried; `sequence` the highest sent to this person under
    this UID; `time_sequence` the first one sent with the present time; `letters` how many were posted; `withdrawn_at`
    when a CANCEL took it back; `released_at` when it was let go without a letter. `key` seals the answer link.
    Source: RFC 5546 §2.1.5.
    """

    entry = models.ForeignKey(CalendarEntry, on_delete=models.PROTECT, related_name="invitations")
    person = models.ForeignKey("members.Person", on_delete=models.PROTECT, related_name="invitations")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    address = models.EmailField()
    address_key = models.CharField(max_length=64)
    revision = models.PositiveIntegerField(default=0)
    sequence = models.PositiveIntegerField(default=0)
    time_sequence = models.PositiveIntegerField(default=0)
    letters = models.PositiveIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["entry", "person"], name="invitation_once"),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"

    @property
    def thread(self) -> str:
        """What orders the letters of this entry to this mailbox."""
        return f"entry:{self.entry_id}:person:{self.person_id}:{self.address_key[:16]}"

    @property
    def reminder_thread(self) -> str:
        """What names the reminder of this entry for the time it has now."""
        return f"reminder:{self.pk}:{int(self.entry.meeting.starts_at.timestamp())}"


class Answer(Stamped):
    """One answer to one invitation, kept for ever; the latest that counts is the person's answer.

    Shape: `starts_at` and `revision` say which time was answered; `counted` is false for an answer to a cancelled or
    past meeting, with `why_not` in words.
    """

    class Choice(models.TextChoices):
        """What was said."""

        YES = "yes", "Yes, I will come"
        MAYBE = "maybe", "Maybe"
        NO = "no", "No, I cannot come"

    class Via(models.TextChoices):
        """How it reached us."""

        WEB = "web", "on this site"

    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="answers")
    choice = models.CharField(max_length=5, choices=Choice)
    note = models.CharField(max_length=300, blank=True, validators=[characters.LINES])
    via = models.CharField(max_length=10, choices=Via, default=Via.WEB)
    starts_at = models.DateTimeField()
    revision = models.PositiveIntegerField()
    counted = models.BooleanField(default=True)
    why_not = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["invitation", "-id"], name="answer_latest")
        ]

    def __str__(self) -> str:
        return self.get_choice_display()


class Welcome(Stamped):
    """That somebody was welcomed to a list when they came on to it.

    Shape: one row for each time a subscription is opened; `opened_at` is when.
    """

    subscription = models.ForeignKey(
        "members.Subscription", on_delete=models.PROTECT, related_name="welcomes"
    )
    opened_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subscription", "opened_at"], name="welcome_once"),
        ]

    def __str__(self) -> str:
        return f"welcome {self.pk}"
