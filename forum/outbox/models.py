"""The outbox's tables: what is sent, to whom, and how far it has come."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import CheckConstraint, Exists, F, Index, OuterRef, Q, UniqueConstraint

from forum.kit import clock
from forum.kit.models import Stamped
from forum.outbox.letter import Urgency

CONTROLS = r"[\x01-\x1f\x7f]"


class Method(models.TextChoices):
    """What a calendar part asks of the reader's calendar."""

    REQUEST = "REQUEST", "Request"
    CANCEL = "CANCEL", "Cancel"


class Mailing(Stamped):
    """Content that many people share, rendered once, with slots for what differs."""

    kind = models.CharField(max_length=40)
    urgency = models.CharField(max_length=12, choices=Urgency)
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True)
    calendar = models.TextField(blank=True)
    method = models.CharField(max_length=10, choices=Method, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    cause = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = "mailing"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            CheckConstraint(
                condition=Q(urgency__in=Urgency.values),
                name="mailing_urgency",
                violation_error_message="A mailing either must arrive or is bulk.",
            ),
            CheckConstraint(
                condition=Q(calendar="", method="") | (~Q(calendar="") & Q(method__in=Method.values)),
                name="mailing_method_with_calendar",
                violation_error_message="A calendar part needs its method, and a method its calendar part.",
            ),
            CheckConstraint(
                condition=~Q(subject__regex=CONTROLS),
                name="mailing_subject_line",
                violation_error_message="A subject is one line without control characters.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class MessageQuerySet(models.QuerySet["Message"]):
    """Named reads of the messages."""

    def for_person(self, person_id: int) -> Self:
        """Messages to one person, newest first."""
        return self.filter(person_id=person_id).order_by("-id")

    def waiting(self) -> Self:
        """Messages that have not reached a final state."""
        return self.filter(state__in=Message.State.waiting())

    def handed_over(self) -> Self:
        """Messages that may have reached their reader: given to the relay and not refused since."""
        return self.filter(handed_at__isnull=False)

    def unsettled_faults(self) -> Self:
        """Messages that a person must look at: failed, or nobody knows."""
        return self.filter(state__in=[Message.State.FAILED, Message.State.IN_DOUBT])

    def due(self, now: datetime) -> Self:
        """Queued messages whose moment has come."""
        return self.filter(state=Message.State.QUEUED, next_at__lte=now)

    def overtaken(self) -> Self:
        """Messages whose thread has a newer one."""
        return self.filter(~Q(thread=""), Exists(_newer_of_thread()))

    def newest(self) -> Self:
        """Messages without a thread, and the newest of each thread."""
        return self.filter(Q(thread="") | ~Exists(_newer_of_thread()))


def _newer_of_thread() -> "models.QuerySet[Message]":
    # Without its first condition the index on threads, which leaves out empty ones, could not be used.
    return Message.objects.filter(~Q(thread=""), thread=OuterRef("thread"), id__gt=OuterRef("id"))


class Message(Stamped):
    """One person's copy of a mailing, and how far it has come.

    Units: `dated_at`, `next_at`, `expires_at`, `trying_since`, `ended_at` are portal moments; `lease_until`,
    `handed_at`, `refused_at`, `sent_at` are real ones.
    """

    class State(models.TextChoices):
        """How far a message has come; the last six are final."""

        QUEUED = "queued", "Queued"
        CLAIMED = "claimed", "Claimed"
        HANDED = "handed", "Handed over"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        SUPPRESSED = "suppressed", "Suppressed"
        EXPIRED = "expired", "Expired"
        CANCELLED = "cancelled", "Cancelled"
        IN_DOUBT = "in_doubt", "In doubt"

        @classmethod
        def waiting(cls) -> list[str]:
            """The states that are not final."""
            return [cls.QUEUED, cls.CLAIMED, cls.HANDED]

        @classmethod
        def active(cls) -> list[str]:
            """The states in which a worker holds the message."""
            return [cls.CLAIMED, cls.HANDED]

    class Step(models.TextChoices):
        """At which step of the conversation the relay refused."""

        MAIL = "mail", "Sender"
        RCPT = "rcpt", "Address"
        DATA = "data", "Content"

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="messages")
    urgency = models.CharField(max_length=12, choices=Urgency)
    key = models.CharField(max_length=200, unique=True)
    message_id = models.CharField(max_length=200, unique=True)
    thread = models.CharField(max_length=200, blank=True)
    about = models.CharField(max_length=80, blank=True)
    edition = models.IntegerField(null=True, blank=True)
    person_id = models.BigIntegerField(null=True, blank=True)
    to_address = models.CharField(max_length=254)
    to_name = models.CharField(max_length=200, blank=True)
    address_key = models.CharField(max_length=64)
    slots = models.JSONField(default=dict, blank=True)
    passes_suppression = models.BooleanField(default=False)
    dated_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    withdrawn = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    doubts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    trying_since = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    handed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_step = models.CharField(max_length=4, choices=Step, blank=True)
    smtp_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = "message"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            CheckConstraint(
                condition=Q(state__in=["queued", "claimed", "handed", "sent", "failed"])
                | Q(state__in=["suppressed", "expired", "cancelled", "in_doubt"]),
                name="message_state",
                violation_error_message="A message is in one of the nine states.",
            ),
            CheckConstraint(
                condition=Q(urgency__in=Urgency.values),
                name="message_urgency",
                violation_error_message="A message either must arrive or is bulk.",
            ),
            CheckConstraint(
                condition=~Q(state__in=["claimed", "handed"])
                | (Q(lease_until__isnull=False) & ~Q(claimed_by="")),
                name="message_held_with_lease",
                violation_error_message="A message that a worker holds names the worker and its lease.",
            ),
            CheckConstraint(
                condition=~Q(state__in=["handed", "sent", "in_doubt"]) | Q(handed_at__isnull=False),
                name="message_handed_moment",
                violation_error_message="A message that left says when it was handed over.",
            ),
            CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="message_sent_moment",
                violation_error_message="Only a sent message has a moment of sending.",
            ),
            CheckConstraint(
                condition=~Q(to_address__regex=r"[\x01-\x20\x7f]") & ~Q(to_address=""),
                name="message_address_line",
                violation_error_message="An address has no spaces and no control characters.",
            ),
            CheckConstraint(
                condition=~Q(to_name__regex=CONTROLS),
                name="message_name_line",
                violation_error_message="A name is one line without control characters.",
            ),
            UniqueConstraint(
                fields=["thread"],
                condition=Q(state__in=["claimed", "handed"]) & ~Q(thread=""),
                name="message_thread_one_active",
                violation_error_message="Only one message of a thread is on its way at a time.",
            ),
        ]
        indexes: ClassVar[list[Index]] = [
            Index(F("urgency").desc(), "next_at", "id", condition=Q(state="queued"), name="message_due"),
            Index("lease_until", condition=Q(state__in=["claimed", "handed"]), name="message_leases"),
            Index("expires_at", condition=Q(state="queued", expires_at__isnull=False), name="message_expiry"),
            Index("thread", "id", condition=~Q(thread=""), name="message_threads"),
            Index("about", "id", condition=~Q(about=""), name="message_about"),
            Index("person_id", "id", condition=Q(person_id__isnull=False), name="message_person"),
            Index("handed_at", condition=Q(handed_at__isnull=False), name="message_handed"),
            Index("address_key", "handed_at", name="message_address"),
            Index(fields=["-sent_at"], condition=Q(state="sent"), name="message_sent"),
            Index("refused_at", condition=Q(refused_step="data"), name="message_rejections"),
            Index("id", condition=Q(state__in=["failed", "in_doubt"]), name="message_faults"),
        ]

    def __str__(self) -> str:
        return self.key


class Suppression(models.Model):
    """An address that gets no mail, kept as a keyed hash that outlives the person's row."""

    address_key = models.CharField(max_length=64, unique=True)
    since = models.DateTimeField(default=clock.now)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "suppressed address"
        verbose_name_plural = "suppressed addresses"

    def __str__(self) -> str:
        return self.address_key[:12]


class SwitchQuerySet(models.QuerySet["SendingSwitch"]):
    """Named reads of the switch."""

    def off(self) -> Self:
        """The switch's row, if sending is stopped."""
        return self.filter(paused_at__isnull=False)


class SendingSwitch(models.Model):
    """The one switch of all mail out: one row, or none while it was never touched.

    Units: `paused_at` is a portal moment.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by_id = models.BigIntegerField(null=True, blank=True)
    why = models.TextField(blank=True)

    objects = SwitchQuerySet.as_manager()

    class Meta:
        verbose_name = "sending switch"
        verbose_name_plural = "sending switch"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            CheckConstraint(
                condition=Q(id=1),
                name="sendingswitch_only_one",
                violation_error_message="There is one switch.",
            ),
        ]

    def __str__(self) -> str:
        return "Sending is stopped" if self.paused_at else "Sending is on"


class Tick(models.Model):
    """When the clockwork last came by: one row.

    Units: a real moment.
    """

    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"tick {self.at:%H:%M}"
