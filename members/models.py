"""People, the trusts they work for, and the lists that invite them."""

import uuid
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models.functions import Lower

from forum.kit import characters, clock, tokens
from forum.kit.models import Stamped
from forum.outbox import build

_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "father", "fr", "rev", "revd"}
)


NOT_PLAIN = (
    "Type the address with plain letters, figures and signs only. "
    "One with other letters may look like somebody else’s"
)


def plain_address(value: str) -> None:
    """Refuses an address with anything outside ASCII in it, or that no mail can be addressed to.

    Errors: ValidationError. Source: RFC 5321 4.1.2; Unicode TR39 (letters that look alike).
    """
    if not value.isascii() or not value.isprintable():
        raise ValidationError(NOT_PLAIN, code="not_plain")
    if not build.is_address(value):
        raise ValidationError(
            "Enter an email address in the usual form, like name@trust.org.uk", code="invalid"
        )


def read_address(value: str) -> str:
    """A clean address from what was typed.

    Errors: ValidationError when it is no address, or holds letters outside ASCII that could pass for others.
    """
    address = value.strip().lower()
    plain_address(address)
    validate_email(address)
    return address


class PersonQuerySet(models.QuerySet["Person"]):
    """Named reads of people."""

    def office_holders(self) -> Self:
        """The chair and the deputies who may work in the admin."""
        return self.filter(is_active=True).exclude(office="").order_by("office", "name")


class PersonManager(BaseUserManager["Person"]):
    """Makes people; an address is kept in lower case together with its keyed hash."""

    def get_queryset(self) -> PersonQuerySet:
        """People, with their named reads."""
        return PersonQuerySet(self.model, using=self._db)

    def office_holders(self) -> PersonQuerySet:
        """The chair and the deputies who may work in the admin."""
        return self.get_queryset().office_holders()

    def build(self, *, email: str, name: str, **fields: Any) -> "Person":
        """A person not yet saved, with the address and what hangs on it in step."""
        address = email.strip().lower()
        person = Person(email=address, address_key=tokens.address_key(address), name=name.strip(), **fields)
        person.set_unusable_password()
        return person

    def create_person(self, *, email: str, name: str, **fields: Any) -> "Person":
        """A saved person with no usable password; sign-in is by a code sent to the address."""
        person = self.build(email=email, name=name, **fields)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        """The person with this address, whatever its upper and lower case."""
        return self.get(email=(username or "").strip().lower())


class Office(models.TextChoices):
    """An office in the Forum that opens the admin."""

    CHAIR = "chair", "Chair"
    DEPUTY = "deputy", "Deputy chair"


class Person(AbstractBaseUser, PermissionsMixin, Stamped):
    """One person, one row: on a list, signed in or both. The address is how they sign in.

    Shape: `key` seals the mailed links, `feed_key` the address of their calendar feed, which they can renew;
    `address_key` is the keyed hash of the address.
    """

    email = models.EmailField(
        "email address",
        unique=True,
        validators=[plain_address],
        error_messages={"unique": "Somebody with this address is here already"},
    )
    name = models.CharField(max_length=120, validators=[characters.ONE_LINE])
    job_title = models.CharField(max_length=120, blank=True, validators=[characters.ONE_LINE])
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    feed_key = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    address_key = models.CharField(max_length=64, editable=False, db_index=True)
    mail_paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    mail_paused_why = models.CharField(max_length=200, blank=True, editable=False)
    office = models.CharField(max_length=10, choices=Office, blank=True)
    is_staff = models.BooleanField("may open the admin", default=False)
    is_active = models.BooleanField("may sign in", default=True)
    is_demo = models.BooleanField("invented for a demo", default=False, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        verbose_name_plural = "people"
        permissions: ClassVar = [
            ("give_office", "Can give and take offices of the Forum"),
            ("reset_second_step", "Can take away somebody’s second step of signing in"),
        ]
        ordering: ClassVar[list[str]] = ["name", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="person_email_lower_case",
                violation_error_message="Keep email addresses in lower case",
            ),
            models.CheckConstraint(
                condition=~models.Q(name__regex=characters.SEEN_IN_SQL)
                & ~models.Q(job_title__regex=characters.SEEN_IN_SQL),
                name="person_name_seen",
                violation_error_message=characters.TAKE_OUT,
            ),
            models.CheckConstraint(
                condition=models.Q(email__regex=r"^[\x21-\x7e]+$"),
                name="person_email_ascii",
                violation_error_message=NOT_PLAIN,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """The whole name."""
        return self.name

    def get_short_name(self) -> str:
        """The name to begin a letter with."""
        return self.first_name

    @property
    def first_name(self) -> str:
        """The name to begin a letter with; a title alone is never it."""
        words = self.name.split()
        named = [word for word in words if word.rstrip(".").lower() not in _TITLES]
        return named[0] if named and named[0] == words[0] else self.name


class Region(models.TextChoices):
    """Where a trust mainly works: the nine regions of England and beyond."""

    EAST_MIDLANDS = "East Midlands"
    EAST_OF_ENGLAND = "East of England", "East of England"
    LONDON = "London"
    NORTH_EAST = "North East"
    NORTH_WEST = "North West"
    SOUTH_EAST = "South East"
    SOUTH_WEST = "South West"
    WEST_MIDLANDS = "West Midlands"
    YORKSHIRE_AND_THE_HUMBER = "Yorkshire and the Humber", "Yorkshire and the Humber"
    WALES = "Wales"
    SCOTLAND = "Scotland"
    NORTHERN_IRELAND = "Northern Ireland"
    ELSEWHERE = "Elsewhere"


class Trust(Stamped):
    """A multi-academy trust or family of schools that has joined or asked to."""

    name = models.CharField(max_length=160, unique=True, validators=[characters.ONE_LINE])
    email_domain = models.CharField("domain of its addresses", max_length=120, blank=True)
    region = models.CharField("main region", max_length=40, choices=Region, blank=True)
    local_authority = models.CharField(max_length=80, blank=True)
    schools = models.PositiveIntegerField(null=True, blank=True)
    pupils = models.PositiveIntegerField(null=True, blank=True)
    on_register = models.BooleanField("on the English register", default=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField("invented for a demo", default=False, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(name__regex=characters.SEEN_IN_SQL),
                name="trust_name_seen",
                violation_error_message=characters.TAKE_OUT,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TrustRole(Stamped):
    """Someone's place at a trust, from one day to another; ended, never deleted."""

    class Kind(models.TextChoices):
        """What the person is to the Forum at that trust."""

        LEAD = "lead", "Trust lead"
        COLLEAGUE = "colleague", "Colleague"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="roles")
    trust = models.ForeignKey(Trust, on_delete=models.PROTECT, related_name="roles")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.COLLEAGUE)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["person", "trust"],
                condition=models.Q(ended_at__isnull=True),
                name="trustrole_once",
                violation_error_message="This person already has a role at this trust",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} at {self.trust}"


class MailingList(models.Model):
    """Whom meetings invite: the Forum has one list, each community its own.

    Shape: `label` names it in letters, `home` is the path that letters link to; both are set by its owner.
    """

    slug = models.SlugField(unique=True)
    label = models.CharField(max_length=120, validators=[characters.ONE_LINE])
    home = models.CharField("address on this site", max_length=200)

    FORUM = "forum"

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.label


class Subscription(Stamped):
    """A person's place on a list: one row for ever, ended and re-opened.

    Shape: invitations reach them from `from_at` on, at once when it is empty; `takes_entries_out` says whether
    leaving also takes coming meetings out of their calendar.
    """

    class Basis(models.TextChoices):
        """Why we may write to them."""

        ASKED = "asked", "Asked for it"
        ADDED_BY_LEAD = "added", "Added by their trust’s lead"
        OFFICE = "office", "Holds an office of the Forum"
        IMPORTED = "imported", "Came with an earlier list"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="subscriptions")
    list = models.ForeignKey(MailingList, on_delete=models.PROTECT, related_name="subscriptions")
    basis = models.CharField(max_length=10, choices=Basis, default=Basis.ASKED)
    started_at = models.DateTimeField(default=clock.now)
    added_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    from_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    takes_entries_out = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["person", "list"],
                name="subscription_once",
                violation_error_message="This person is on this list already",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["list", "person"], condition=models.Q(ended_at__isnull=True), name="subscription_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.list}"
