"""Every letter with made-up values, through the code that writes the real ones; no row is read or written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from forum.kit import links
from forum.outbox.letter import Letter, fill, fill_html, names
from forum.styleguide.doors import in_development
from meetings import letters
from meetings.models import CalendarEntry, Meeting
from meetings.queries import Content, EntryView, Place, content_of
from members import letters as members
from members.models import MailingList

SUBJECT = ".subject.txt"
_NOTHING: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
_SAID = {
    "first_name": "Priya",
    "to_name": "Priya Raman",
    "to_address": "priya.raman@whinfell.example",
    "why": "You get this because you asked to be on the Forum’s mailing list on 9 September 2025.",
    "said": "You have said yes. You need not answer again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One letter as Priya would read it. Shape: `kind` is that of its templates, `key` tells its variants apart."""

    key: str
    kind: str
    title: str
    subject: str
    text: str
    html: str


def kinds() -> list[str]:
    """The kinds of letter that have templates, each app's by name; the sign-in code last."""
    folder = Path(settings.BASE_DIR) / "templates"
    found = sorted(path.name.removesuffix(SUBJECT) for path in folder.glob(f"*/mail/*{SUBJECT}"))
    return [*found, "code"]


def shown() -> list[Shown]:
    """Every letter; a kind without a sample shows nothing, and a test says so."""
    return [letter for kind in kinds() if kind in _SAMPLES for letter in _SAMPLES[kind]()]


@in_development
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every letter as HTML and as text."""
    return render(request, "styleguide/mail.html", {"letters": shown()})


@in_development
@csp_override(_NOTHING)
@xframe_options_sameorigin
@require_safe
def html(request: HttpRequest, kind: str) -> HttpResponse:
    """The HTML of one letter, alone and without rights of its own."""
    found = next((letter for letter in shown() if letter.key == kind), None)
    if found is None:
        raise Http404
    return HttpResponse(found.html)


# --- Samples ----------------------------------------------------------------------------------------------------------


def _view() -> EntryView:
    """An entry in the calendar of 6 November, in no table."""
    starts_at = datetime(2025, 11, 6, 10, tzinfo=UTC)
    meeting = Meeting(
        pk=1,
        list=MailingList(slug=MailingList.FORUM, label="Forum meeting", home="/meetings/"),
        year=2025,
        slug="2025-11-06",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=90),
        theme="Early career teachers: making the entitlement work in our context",
        agenda="10:00am Welcome\n10:10am Three trusts on what they changed\n11:20am Questions",
        join_url="https://zoom.example/j/84512207731",
        join_id="845 1220 7731",
        passcode="306114",
        cancel_reason="Snow has closed many schools.",
    )
    entry = CalendarEntry(pk=1, meeting=meeting, uid="sample@forum.example", revision=2, sequence=1)
    later = Meeting(
        pk=2,
        list=meeting.list,
        year=2025,
        slug="2025-12-02",
        starts_at=starts_at + timedelta(days=26),
        ends_at=starts_at + timedelta(days=26, minutes=90),
    )
    return EntryView(
        entry=entry,
        meeting=meeting,
        content=content_of(meeting),
        revisions={},
        place=Place(number=3, total=11),
        following=later,
    )


def _before(view: EntryView) -> Content:
    """What people had in their calendars before it moved."""
    day = timedelta(days=1)
    return replace(view.content, starts_at=view.content.starts_at - day, ends_at=view.content.ends_at - day)


def _off(view: EntryView) -> EntryView:
    """The same, cancelled."""
    view.meeting.cancelled_at = view.meeting.starts_at - timedelta(days=2)
    return view


def _read(letter: Letter, *, key: str = "", title: str = "") -> Shown:
    """A letter with Priya's slots filled; its links lead to the start page."""
    wanted = names(letter.subject) | names(letter.text) | names(letter.html)
    values = dict.fromkeys(wanted, links.absolute("/")) | _SAID
    return Shown(
        key=key or letter.kind,
        kind=letter.kind,
        title=title or letter.kind.replace("_", " ").capitalize(),
        subject=fill(letter.subject, values),
        text=fill(letter.text, values),
        html=fill_html(letter.html, values),
    )


def _security() -> list[Shown]:
    return [
        _read(members.security(what), key=f"security-{what}", title=f"Security: {words.partition('.')[0]}")
        for what, words in members.WHAT.items()
    ]


def _invitations() -> list[Shown]:
    view = _view()
    bare = replace(view, content=replace(view.content, join_url="", join_id="", passcode="", agenda=""))
    return [
        _read(letters.invitation(view)),
        _read(letters.invitation(bare), key="invitation-bare", title="Invitation, the link to follow"),
    ]


def _changes() -> list[Shown]:
    view = _view()
    linkless = replace(view.content, join_url="", join_id="", passcode="")
    return [
        _read(letters.change(view, was=_before(view)), key="change", title="Change of day"),
        _read(letters.change(view, was=linkless), key="change-link", title="Change: the joining link"),
    ]


def _notices() -> list[Shown]:
    off = _off(_view())
    return [
        _read(letters.notice(_view(), was=_before(_view())), title="Notice: moved"),
        _read(letters.notice(off, was=off.content), key="notice-off", title="Notice: off"),
    ]


def _welcomes() -> list[Shown]:
    view = _view()
    coming = [one for one in (view.meeting, view.following) if one]
    return [
        _read(letters.welcome(coming, year=2025)),
        _read(letters.welcome([], year=None), key="welcome-bare", title="Welcome, before any date is set"),
    ]


def _cancellations() -> list[Shown]:
    off = _off(_view())
    return [_read(letters.cancellation(off, was=off.content))]


def _withdrawals() -> list[Shown]:
    view = _view()
    letter = letters.withdrawal(view, was=view.content, at=view.meeting.edited_at)
    return [_read(letter)]


def _codes() -> list[Shown]:
    made = get_adapter().render_mail("account/email/login_code", _SAID["to_address"], {"code": "482913"})
    return [
        Shown(
            key="code",
            kind="code",
            title="Sign-in code",
            subject=made.subject,
            text=made.body,
            html=made.html,
        )
    ]


_SAMPLES: dict[str, Callable[[], list[Shown]]] = {
    "invitation": _invitations,
    "change": _changes,
    "cancellation": _cancellations,
    "withdrawal": _withdrawals,
    "notice": _notices,
    "link_missing": lambda: [_read(letters.link_missing(_view()))],
    "reminder": lambda: [_read(letters.reminder(_view()))],
    "welcome": _welcomes,
    "security": _security,
    "code": _codes,
}
