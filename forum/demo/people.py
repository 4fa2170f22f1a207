"""Loads the demo's lists, trusts, people, communities, guide and news."""

from datetime import date, datetime
from typing import Any

from django.utils.text import slugify

from communities.models import Community
from forum.demo import authenticator, content
from members.models import MailingList, Office, Person, Subscription, Trust, TrustRole
from publications.models import Guide, NewsItem

LEAD = "trust lead"
OFFICES = {"chair": Office.CHAIR, "deputy chair": Office.DEPUTY}
LEFT = "left the trust"
_GUIDE = ("slug", "series", "title", "summary", "due")
WITHOUT_PLACE = ("awaiting approval",)
WITHOUT_ACCOUNT = ("visitor only",)


def load(now: datetime) -> MailingList:
    """Everything but meetings; gives the Forum's list."""
    demo = content.read()
    own = demo["lists"]["forum"]
    forum = MailingList.objects.update_or_create(slug=own["slug"], defaults=own)[0]
    trusts = {row["name"]: _trust(row, now) for row in [*demo["trusts"], *demo["office_trusts"]]}
    rows = [row for row in demo["people"] if row["role"] not in WITHOUT_ACCOUNT]
    people = {row["name"]: _person(row, now) for row in rows}
    placed = [row for row in rows if row["role"] not in WITHOUT_PLACE]
    leads = {row["trust"]: people[row["name"]] for row in placed if row["role"] == LEAD}
    for row in placed:
        _place(row, people[row["name"]], trusts[row["trust"]], leads.get(row["trust"]), forum, now)
    for row in demo["communities"]:
        _community(row, people, now)
    guide = demo["guide"]
    Guide.objects.create(
        created_at=now, **{name: guide[name] for name in ("slug", "series", "title", "summary", "due")}
    )
    for row in demo["news"]:
        _news(row)
    return forum


def _news(row: dict[str, Any]) -> None:
    """A published item, written on the morning of its day; readers see it once that has come."""
    NewsItem.objects.create(
        slug=slugify(row["title"]),
        title=row["title"],
        summary=row["summary"],
        state=NewsItem.State.PUBLISHED,
        published_on=date.fromisoformat(row["date"]),
        source_outlet=row.get("outlet", ""),
        created_at=content.moment(row["date"]),
        edited_at=content.moment(row["date"]),
    )


def _trust(row: dict[str, Any], now: datetime) -> Trust:
    joined = content.past(row["joined"], now)
    return Trust.objects.create(
        name=row["name"],
        email_domain=row.get("email_domain", ""),
        region=row["region"],
        local_authority=row["local_authority"],
        schools=row.get("schools"),
        pupils=row.get("pupils"),
        on_register=row["on_register"],
        approved_at=joined,
        is_demo=row["fictional"],
        created_at=joined,
    )


def _person(row: dict[str, Any], now: datetime) -> Person:
    office = OFFICES.get(row["role"], "")
    person = Person.objects.create_person(
        email=row["email"],
        name=row["name"],
        job_title=row["job_title"],
        office=office,
        is_staff=bool(office),
        is_demo=row["fictional"],
        created_at=content.past(content.read()["days"]["subscribed"], now),
    )
    if office:
        authenticator.set_up(person)
    return person


def _place(
    row: dict[str, Any], person: Person, trust: Trust, lead: Person | None, forum: MailingList, now: datetime
) -> None:
    """Someone's role at the trust and place on the Forum's list, ended where they have left."""
    days = content.read()["days"]
    leads = row["role"] == LEAD or bool(person.office)
    started = trust.created_at if leads else content.past(days["subscribed"], now)
    left = content.past(days["left"], now) if row["role"] == LEFT else None
    kind = TrustRole.Kind.LEAD if leads else TrustRole.Kind.COLLEAGUE
    TrustRole.objects.create(person=person, trust=trust, kind=kind, created_at=started, ended_at=left)
    added_by = None if leads else lead
    basis = Subscription.Basis.ADDED_BY_LEAD if added_by else Subscription.Basis.ASKED
    Subscription.objects.create(
        person=person,
        list=forum,
        basis=Subscription.Basis.OFFICE if person.office else basis,
        added_by=added_by,
        started_at=started,
        ended_at=left,
        created_at=started,
    )


def _community(row: dict[str, Any], people: dict[str, Person], now: datetime) -> None:
    """A community with its own list, on which are its facilitators."""
    own = MailingList.objects.create(slug=row["slug"], label=row["name"], home="/communities/")
    community = Community.objects.create(
        slug=row["slug"],
        name=row["name"],
        question=row["problem_of_practice"],
        domain=row["domain"],
        state=row["state"],
        colour=row["colour"],
        list=own,
        created_at=now,
    )
    facilitators = [people[name] for name in row["facilitators"]]
    community.facilitators.set(facilitators)
    for person in facilitators:
        started = content.past(content.read()["days"]["subscribed"], now)
        Subscription.objects.create(person=person, list=own, started_at=started, created_at=started)
