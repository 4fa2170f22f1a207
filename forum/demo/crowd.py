"""A crowd of invented people at trusts drawn from the register, marked as demo, for trying the portal at size."""

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count

from django.utils.text import slugify

from forum.demo import content
from forum.demo.rows import store
from forum.kit import tokens
from forum.outbox.models import Message
from meetings import letters, queries
from meetings.models import CalendarEntry, Invitation, Meeting
from members.models import MailingList, Person, Subscription, Trust, TrustRole

TRUSTS = 172
MARK = " (demo)"
PAUSED_IN = 100
SENDING_TAKES = timedelta(seconds=21)
_SEED = 11
_DOMAIN_LENGTH = 40
_YEARS_OF_JOINING = 900


def load(people: int, *, forum: MailingList, invited: Iterable[Meeting], now: datetime) -> None:
    """Fills up to so many people in all, at up to 172 trusts in all; each new trust has a lead.

    Shape: everybody who can be mailed holds the invitations to the meetings in `invited`, as if they had been sent.
    """
    dice = random.Random(_SEED)
    missing = people - Person.objects.count()
    trusts = _trusts(min(TRUSTS - Trust.objects.count(), missing), dice, now)
    if not trusts:
        return
    sizes = [trust.schools or 1 for trust in trusts]
    homes = trusts + dice.choices(trusts, weights=sizes, k=missing - len(trusts))
    newest = Person.objects.order_by("-id").values_list("id", flat=True)[0]
    store(_people(homes, len(trusts), dice, now))
    crowd = list(Person.objects.filter(pk__gt=newest).order_by("id"))
    leads = dict(zip((trust.pk for trust in trusts), crowd, strict=False))
    placed = list(zip(crowd, homes, strict=True))
    store([_role(one, home, leads[home.pk]) for one, home in placed])
    subscriptions = [_subscription(one, leads[home.pk], forum) for one, home in placed]
    store(subscriptions)
    reached = [
        queries.RecipientDetails(person=one, subscription=row, trust=home.name, choice="", choice_before="")
        for (one, home), row in zip(placed, subscriptions, strict=True)
        if one.mail_paused_at is None
    ]
    for meeting in invited:
        _invite(reached, meeting.entries.get(), meeting.invite_at or now)


def _invite(reached: list[queries.RecipientDetails], entry: CalendarEntry, invite_at: datetime) -> None:
    """Invitations as the portal makes them, with letters like the one that it sent to the demo's own people."""
    store([_invitation(details.person, entry, invite_at) for details in reached])
    people = {details.person.pk: details for details in reached}
    like = Message.objects.filter(about=f"entry:{entry.pk}", mailing__kind="invitation").order_by("id")[0]
    view = queries.entry_view(entry)
    rows = Invitation.objects.filter(entry=entry, person_id__in=people).order_by("id")
    store([letter(row, like, letters.slots(view, row, people[row.person_id], None)) for row in rows])


def _invitation(person: Person, entry: CalendarEntry, invite_at: datetime) -> Invitation:
    return Invitation(
        entry=entry,
        person=person,
        address=person.email,
        address_key=person.address_key,
        revision=entry.revision,
        sequence=entry.sequence,
        time_sequence=entry.sequence,
        letters=1,
        created_at=max(invite_at, person.created_at),
    )


def letter(row: Invitation, like: Message, slots: dict[str, str]) -> Message:
    """One person's copy of a letter that was sent to another, as it stands in the outbox afterwards."""
    key = f"request:{row.pk}:{row.letters}"
    moment = row.created_at
    return Message(
        mailing_id=like.mailing_id,
        urgency=like.urgency,
        key=key,
        message_id=f"<{tokens.digest(key, 'message-id')[:40]}@{like.message_id.rstrip('>').rpartition('@')[2]}>",
        thread=row.thread,
        about=like.about,
        edition=like.edition,
        person_id=row.person_id,
        to_address=row.address,
        to_name=slots["to_name"],
        address_key=row.address_key,
        slots=slots,
        state=like.state,
        attempts=like.attempts,
        smtp_code=like.smtp_code,
        expires_at=like.expires_at,
        created_at=moment,
        dated_at=moment,
        next_at=moment,
        handed_at=moment + SENDING_TAKES,
        sent_at=moment + SENDING_TAKES,
    )


def _trusts(number: int, dice: random.Random, now: datetime) -> list[Trust]:
    known = {name.lower().removeprefix("the ") for name in Trust.objects.values_list("name", flat=True)}
    rows = [row for row in content.register() if row["name"].lower().removeprefix("the ") not in known]
    first = content.moment(content.read()["days"]["founded"])
    domains: set[str] = set()
    made = []
    for row in dice.sample(rows, number):
        joined = min(first + timedelta(days=dice.randrange(_YEARS_OF_JOINING)), now - timedelta(days=2))
        stem = slugify(row["name"])[:_DOMAIN_LENGTH].strip("-")
        domain = next(name for name in _numbered(stem) if name not in domains)
        domains.add(domain)
        made.append(
            Trust(
                name=row["name"] + MARK,
                email_domain=f"{domain}.example",
                region=row["main_region"],
                local_authority=row["main_local_authority"],
                schools=int(row["academies"]),
                pupils=int(row["pupils"]) if row["pupils"] else None,
                approved_at=joined,
                is_demo=True,
                created_at=joined,
            )
        )
    return Trust.objects.bulk_create(made)


def _people(homes: list[Trust], leads: int, dice: random.Random, now: datetime) -> list[Person]:
    words = content.crowd_words()
    subscribed = content.past(content.read()["days"]["subscribed"], now)
    set_up = content.past(content.read()["days"]["set_up"], now)
    taken: set[str] = set()
    made = []
    for number, home in enumerate(homes):
        first, last = dice.choice(words["first"]), dice.choice(words["last"])
        stems = _numbered(f"{_plain(first)}.{_plain(last)}")
        email = next(email for stem in stems if (email := f"{stem}@{home.email_domain}") not in taken)
        taken.add(email)
        is_lead = number < leads
        joined = home.approved_at or now
        person = Person.objects.build(
            email=email,
            name=f"{first} {last}",
            job_title=dice.choice(words["job_titles"]["lead" if is_lead else "colleague"]),
            is_demo=True,
            created_at=joined
            if is_lead
            else dice.choice([subscribed, max(joined, subscribed - timedelta(days=365))]),
        )
        if not is_lead and not dice.randrange(PAUSED_IN):
            person.mail_paused_at, person.mail_paused_why = set_up, "550 5.1.1 No such mailbox"
        made.append(person)
    return made


def _role(person: Person, trust: Trust, lead: Person) -> TrustRole:
    kind = TrustRole.Kind.LEAD if person is lead else TrustRole.Kind.COLLEAGUE
    return TrustRole(person=person, trust=trust, kind=kind, created_at=person.created_at)


def _subscription(person: Person, lead: Person, forum: MailingList) -> Subscription:
    is_lead = person is lead
    return Subscription(
        person=person,
        list=forum,
        basis=Subscription.Basis.ASKED if is_lead else Subscription.Basis.ADDED_BY_LEAD,
        added_by=None if is_lead else lead,
        started_at=person.created_at,
        created_at=person.created_at,
    )


def _plain(name: str) -> str:
    return slugify(name.translate(str.maketrans("łø’", "lo-"))).replace("-", "")


def _numbered(stem: str) -> Iterator[str]:
    return (f"{stem}{number if number > 1 else ''}" for number in count(1))
