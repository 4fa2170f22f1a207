"""A portal in which everything there is exists, every address of it, and what its tables hold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from html import unescape

from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import connection, models
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from forum.audit.models import AuditEntry
from forum.kit import clock, tokens
from forum.outbox import build, post
from forum.outbox.models import Message
from meetings import actions, alerts, invitations, reminders, welcomes
from meetings.models import CalendarEntry, Invitation, Meeting
from members import actions as members
from members import one_time
from members.models import MailingList, Person, Trust
from publications.models import NewsItem
from tests import make
from tests.conftest import Hand

LINK = "https://zoom.example/j/8451220"
KINDS = {
    "invitation",
    "change",
    "cancellation",
    "withdrawal",
    "notice",
    "link_missing",
    "reminder",
    "welcome",
    "security",
    "test",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What was made, and who is in it."""

    people: dict[str, Person]
    meetings: dict[str, Meeting]


def build_world(hand: Hand, cast: dict[str, Person]) -> World:
    """Lives through some weeks, so that every kind of row and of mail is there."""
    chair, priya, callum, nadia = (cast[name] for name in ("tracy", "priya", "callum", "nadia"))
    forum = MailingList.objects.get(slug=MailingList.FORUM)
    hand.set("2025-10-06 09:00")
    held = make.meeting("2025-10-08 10:00", invite_at=clock.now(), join_url=LINK, theme="Coaching")
    gone = make.person("Harriet Fox-Lyle", "harriet@whinfell.example")
    make.role(gone, Trust.objects.get(name="Whinfell Learning Trust"))
    make.subscribed(gone)
    _tick(hand)
    hand.set("2025-10-16 09:00")
    coming = make.meeting(
        "2025-11-06 10:00",
        invite_at=clock.now(),
        join_url=LINK,
        join_id="845 1220",
        passcode="306114",
        theme="Early career teachers",
        agenda="10:00am Welcome",
    )
    unready = make.meeting("2025-10-28 10:00", invite_at=clock.now())
    snowed = make.meeting("2025-11-12 10:00", invite_at=clock.now(), join_url=LINK)
    back = make.meeting("2025-11-13 10:00", invite_at=clock.now(), join_url=LINK)
    later = make.meeting("2025-12-02 10:00", invite_at=make.london("2025-11-11 09:00"))
    community = apps.get_model("communities.Community").objects.first()
    make.subscribed(callum, to=community.list)
    make.meeting("2025-11-19 15:45", minutes=60, of_list=community.list, invite_at=clock.now())
    _tick(hand)
    actions.give_answer(
        Invitation.objects.get(person=priya, entry__meeting=coming), choice="yes", note="With Callum"
    )
    for meeting in (snowed, back):
        actions.cancel_meeting(meeting, reason="Snow", by=chair)
    hand.passes(minutes=3)
    _tick(hand)
    actions.put_back(back, by=chair)
    _move(coming, "2025-11-07 13:00", chair)
    _move(later, "2025-12-03 10:00", chair, tell_list=True)
    members.leave_trust(gone, by=chair)
    hand.passes(minutes=3)
    _tick(hand)
    actions.send_test(coming, nonce="walk", by=chair)
    members.give_office(nadia, office="deputy", by=chair)
    members.give_office(nadia, office="", by=chair)
    hand.set("2025-10-24 09:00")
    _tick(hand)
    actions.edit_words(coming, theme="Early career teachers, again", agenda="", announce=True, by=chair)
    post.suppress(tokens.address_key("peace@trust.example"), "asked")
    make.guide("A guide")
    make.pages()
    make.news("Dates are set", "2025-09-01")
    make.news("An article", "2025-10-20", kind="article", author="Sam Gibbs")
    make.news("Not yet", "2025-12-20")
    assert forum.subscriptions.exists() and AuditEntry.objects.exists()
    names = {
        "held": held,
        "coming": coming,
        "unready": unready,
        "snowed": snowed,
        "back": back,
        "later": later,
    }
    return World(people=cast | {"harriet": gone}, meetings=names)


def _tick(hand: Hand) -> None:
    CalendarEntry.objects.update(settles_at=None, before=None, act="")
    now = clock.now()
    invitations.reconcile(now)
    reminders.remind(now)
    welcomes.welcome(now)
    alerts.tell_chairs(now)
    alerts.tell_lists(now)
    Message.objects.filter(state="queued").update(state="sent", handed_at=clock.real(), sent_at=clock.real())


def _move(meeting: Meeting, starts: str, by: Person, *, tell_list: bool = False) -> None:
    starts_at = make.london(starts)
    ends_at = starts_at + (meeting.ends_at - meeting.starts_at)
    invite_at = meeting.invite_at if meeting.invite_at and meeting.invite_at > clock.now() else None
    actions.move_meeting(
        meeting, starts_at=starts_at, ends_at=ends_at, invite_at=invite_at, tell_list=tell_list, by=by
    )


# --- Addresses --------------------------------------------------------------------------------------------------------


def doors(
    patterns: list[URLPattern | URLResolver] | None = None, space: str = "", before: str = ""
) -> Iterator[tuple[str, str, URLPattern]]:
    """Every address of the site: its name, its route and its pattern."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from doors(pattern.url_patterns, inner, route)
        else:
            yield f"{space}{pattern.name}", route, pattern


def addresses(world: World, *, one_each: bool = False) -> list[str]:
    """Every address with values that lead somewhere; with `one_each`, one for each door.

    Errors: AssertionError for an address that nobody gave a value yet.
    """
    found = []
    for name, route, pattern in doors():
        wanted = list(pattern.pattern.converters) or list(pattern.pattern.regex.groupindex)
        for values in _values(world, name, route, wanted)[: 1 if one_each else None]:
            try:
                found.append(reverse(name, kwargs=values))
            except NoReverseMatch:
                assert name.endswith("None"), f"{name} ({route}) cannot be reached with {values}"
                found.append(f"/{route.split('<')[0].strip('^$')}")
    return list(dict.fromkeys(found))


def _values(world: World, name: str, route: str, wanted: list[str]) -> list[dict[str, object]]:
    if not wanted or name.endswith(
        "None"
    ):  # Django's admin leads an old address of a row on by one without a name
        return [{}]
    coming = world.meetings["coming"]
    invitation = Invitation.objects.filter(person=world.people["callum"], entry__meeting=coming).latest("id")
    person = world.people["callum"]
    sealed = {
        "members:mail": tokens.make(person.key, "mail"),
        "members:one-time-link": one_time.make(world.people["tracy"]).rstrip("/").rpartition("/")[2],
        "meetings:answer": tokens.make(invitation.key, "answer"),
        "meetings:answer-file": tokens.make(invitation.key, "answer"),
        "meetings:feed": tokens.make(person.feed_key, "feed"),
        "meetings:feed-page": tokens.make(person.feed_key, "feed"),
    }
    if wanted == ["token"] and name in sealed:
        return [{"token": sealed[name]}]
    if wanted == ["year"]:
        return [{"year": 2025}]
    if set(wanted) == {"year", "slug"}:
        return [{"year": one.year, "slug": one.slug} for one in Meeting.objects.of_forum()] + [
            {"year": row.year, "slug": row.slug}
            for one in Meeting.objects.of_forum()
            for row in one.old_addresses.all()
        ]
    if name == "share":
        return [{"slug": slug} for slug in ("forum", "about", "news")]
    if name in ("publications:news-item", "share-news"):
        return [{"slug": slug} for slug in NewsItem.objects.values_list("slug", flat=True)]
    if wanted == ["pk"]:
        return [{"pk": 1}]
    if wanted == ["object_id"]:
        model = _model(name)
        rows = [one.pk for one in world.meetings.values()] if model is Meeting else _newest(model)
        return [{"object_id": pk} for pk in rows]
    if wanted == ["app_label"]:
        return [{"app_label": label} for label in ("meetings", "members", "outbox", "audit")]
    if wanted == ["url"]:
        return [{"url": "nowhere"}]
    if set(wanted) == {"content_type_id", "object_id"}:
        return [{"content_type_id": 1, "object_id": 1}]
    raise AssertionError(f"Give {name} ({route}) a value for {wanted} in tests/walk/world.py")


def _model(name: str) -> type[models.Model]:
    label, model = name.removeprefix("admin:").split("_")[:2]
    return apps.get_model(label, model)


def _newest(model: type[models.Model]) -> list[int]:
    """The number of a row, or one that leads nowhere where there is no row."""
    return [model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 1]


# --- Mails and pages --------------------------------------------------------------------------------------------------

_HERE = re.compile(r"https?://localhost:8000(/[^\s\"<>\\)]*)")
_SECRET = re.compile(r"[\w-]{30,}")
_HREF = re.compile(r'(?:href|src|action)="(/[^"#]*)')


def links_of_mails() -> dict[str, set[str]]:
    """Every link to this site in every kind of mail: in text, HTML, calendar part and headers."""
    found: dict[str, set[str]] = {}
    for row in Message.objects.select_related("mailing"):
        content = build.mail(row).content
        found.setdefault(row.mailing.kind, set()).update(_links(content))
    for one in mail.outbox:
        found.setdefault("code", set()).update(_links(one.message().as_bytes()))
    return found


def one_of_each(links: dict[str, set[str]]) -> list[str]:
    """For each kind of mail one link of each kind: links that differ in no more than the secret are of one kind."""
    found = {(kind, _SECRET.sub("", link)): link for kind in sorted(links) for link in sorted(links[kind])}
    return list(dict.fromkeys(found.values()))


def _links(content: bytes) -> set[str]:
    parsed = message_from_bytes(content)
    texts = [str(value) for value in parsed.values()]
    for part in parsed.walk():
        if not part.is_multipart():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            texts.append(payload.decode().replace("\r\n ", "").replace("\\n", "\n"))
    return {unescape(path).rstrip(".,>") for text in texts for path in _HERE.findall(text)}


def links_of_page(content: str) -> set[str]:
    """Every address of this site that a page leads to."""
    return {unescape(path) for path in _HREF.findall(content) if not path.startswith(("//", "/static/"))}


# --- Tables -----------------------------------------------------------------------------------------------------------


def tables() -> dict[str, tuple[int, str]]:
    """Every table of the database: how many rows, and a hash of all that they say."""
    held = {}
    with connection.cursor() as cursor:
        for name in sorted(connection.introspection.table_names(cursor)):
            quoted = connection.ops.quote_name(name)
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM {quoted} t"
            )
            held[name] = cursor.fetchone()
    return held


def changed(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> list[str]:
    """The tables in which something is different."""
    return [name for name in after if before.get(name) != after[name]]


def body(answer: object) -> str:
    """What a page says, as text; files by their bytes."""
    content = b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content  # type: ignore[attr-defined]
    return content.decode("utf-8", "replace")


def browser(**extra: object) -> Client:
    """A browser to which a fault is a page."""
    return Client(raise_request_exception=False, **extra)


SITE_ADDRESS = settings.MAIL_FROM
