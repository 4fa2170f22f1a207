"""Screens that change a meeting: words, link, time, cancelled, put back, undone."""

from copy import copy
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from forum.kit import clock, wording
from meetings import actions, dates, letters, queries
from meetings.admin import consequences
from meetings.admin.doors import back_to, is_stale, page, person, refuse, say, seen
from meetings.forms.chairs import CancelForm, InviteForm, LinkForm, MoveForm, TellForm, WordsForm
from meetings.models import Meeting
from meetings.queries import Content

LINK = ("join_url", "join_id", "passcode")


def words(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Theme and agenda: saved quietly, or told to whoever holds the entry."""
    told = queries.holders(meeting) if meeting.ends_at > clock.now() else 0
    posted = request.POST if request.method == "POST" else None
    form = WordsForm(posted, initial={"theme": meeting.theme, "agenda": meeting.agenda})
    stale = False
    if form.is_valid():
        theme, agenda = form.cleaned_data["theme"], form.cleaned_data["agenda"]
        if (theme, agenda) == (meeting.theme, meeting.agenda):
            return refuse(request, meeting, "Nothing was changed.")
        stale = is_stale(request, meeting)
        if not stale:
            announce = bool(told) and request.POST.get("how") == "tell"
            try:
                actions.edit_words(meeting, theme=theme, agenda=agenda, announce=announce, by=person(request))
            except ValidationError as error:
                form.add_error(None, error)
            else:
                return back_to(meeting)
    subject = ""
    if told:
        new = replace(queries.content_of(meeting), agenda="*")
        subject = _change_letter(request, meeting, new).subject
    context = {"form": form, "told": told, "subject": subject, "stale": stale, "seen": seen(meeting)}
    return page(request, "words", meeting, title="Theme and agenda", **context)


def link(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """The joining link: whoever holds the entry is told, after a screen that says how many."""
    now = clock.now()
    if meeting.cancelled_at or meeting.ends_at <= now:
        why = "cancelled: put it back on first" if meeting.cancelled_at else "over"
        return refuse(request, meeting, f"This meeting is {why}.")
    told = queries.holders(meeting)
    initial = {name: getattr(meeting, name) for name in LINK}
    form = LinkForm(request.POST if request.method == "POST" else None, initial=initial)
    context = {"form": form, "told": told, "seen": seen(meeting), "title": "Joining link"}
    if not form.is_valid():
        return page(request, "link", meeting, **context)
    data = {name: form.cleaned_data[name] for name in LINK}
    if data == initial:
        return refuse(request, meeting, "Nothing was changed: this is the link already.")
    if told and "confirmed" not in request.POST:
        return _link_confirm(request, meeting, data, context)
    if is_stale(request, meeting):
        return (
            _link_confirm(request, meeting, data, context)
            if told
            else page(request, "link", meeting, **context)
        )
    try:
        actions.change_link(meeting, by=person(request), **data)
    except ValidationError as error:
        say(request, error)
    return back_to(meeting)


def _link_confirm(
    request: HttpRequest, meeting: Meeting, data: dict[str, str], context: dict[str, Any]
) -> HttpResponse:
    new = replace(
        queries.content_of(meeting),
        join_url=data["join_url"],
        join_id=data["join_id"],
        passcode=data["passcode"],
    )
    letter = _change_letter(request, meeting, new)
    told = queries.holders(meeting)
    context |= {
        "title": _send_question(told),
        "letter": letter,
        "data": data,
        "rows": consequences.of_link(told=told, subject=letter.subject),
    }
    return page(request, "link_confirm", meeting, **context)


def move(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Another time: first the form, then a screen that says what changes and who is told."""
    now = clock.now()
    if meeting.cancelled_at:
        return refuse(request, meeting, "This meeting is cancelled: put it back on first.")
    if meeting.starts_at <= now:
        return refuse(request, meeting, "This meeting has begun: it can no longer be moved.")
    initial = {
        "day": wording.long_date(meeting.starts_at).replace(wording.NBSP, " "),
        "starts": wording.clock_time(meeting.starts_at),
        "ends": wording.clock_time(meeting.ends_at),
    }
    posted = request.POST if request.method == "POST" else None
    form = MoveForm(posted, initial=initial, meeting=meeting, today=clock.london(now).date())
    if form.is_valid():
        starts_at, time = form.cleaned_data["starts_at"], form.cleaned_data["time"]
        if time == meeting.time and "confirmed" in request.POST:
            return refuse(request, meeting, "It is at this time already. Nothing is sent twice.")
        if time == meeting.time:
            form.add_error("day", "It is at this time already: enter another day or time")
        elif starts_at <= now:
            form.add_error("day", "That time has passed: choose one to come")
        else:
            return _move_confirm(request, meeting, form)
    return page(request, "move", meeting, title="Move this meeting", form=form)


def _move_confirm(request: HttpRequest, meeting: Meeting, form: MoveForm) -> HttpResponse:
    now, confirmed = clock.now(), "confirmed" in request.POST
    starts_at, ends_at = form.cleaned_data["time"]
    told, people = queries.holders(meeting), queries.audience(meeting.list, now).people
    invited = bool(meeting.invite_at and meeting.invite_at <= now)
    usual = dates.invitation_moment(dates.invitation_day(clock.london(starts_at).date()))
    planned = usual if meeting.invite_at else None  # a chair who left it until later is not overruled
    asks = not invited and planned is not None and planned <= now
    invite = InviteForm(
        request.POST if confirmed else None,
        meeting=meeting,
        today=clock.london(now).date(),
        people=people,
        starts_at=starts_at,
        prefix="invite",
    )
    if confirmed and (not asks or invite.is_valid()) and not is_stale(request, meeting):
        try:
            actions.move_meeting(
                meeting,
                starts_at=starts_at,
                ends_at=ends_at,
                invite_at=invite.cleaned_data["invite_at"] if asks else planned,
                tell_list="tell_list" in request.POST,
                by=person(request),
            )
        except ValidationError as error:
            say(request, error)
        return back_to(meeting)
    was = queries.announced(queries.newest_entry(meeting)) or queries.content_of(meeting)
    new = replace(queries.content_of(meeting), starts_at=starts_at, ends_at=ends_at)
    letter = _change_letter(request, meeting, new) if told else _notice(request, meeting, new)
    rows = consequences.of_move(
        meeting,
        new.time,
        told=told,
        subject=letter.subject,
        invited=invited,
        planned=planned,
        asks=asks,
    )
    context: dict[str, Any] = {
        "form": form,
        "invite": invite if asks else None,
        "letter": letter,
        "rows": rows,
        "was": was,
        "new": new,
    }
    context |= {"told": told, "invited": invited, "people": people, "seen": seen(meeting)}
    context |= {"tell": TellForm(request.POST, people=people, subject=letter.subject)}
    title = _send_question(told) if told else "Move this meeting?"
    return page(request, "move_confirm", meeting, title=title, **context)


def cancel(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Calling it off: one screen with the reason, who is told and how many."""
    now = clock.now()
    if meeting.cancelled_at:
        return refuse(request, meeting, "This meeting is cancelled already.")
    if meeting.ends_at <= now:
        return refuse(request, meeting, "This meeting is over: it can no longer be cancelled.")
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and not is_stale(request, meeting):
        try:
            actions.cancel_meeting(
                meeting,
                reason=form.cleaned_data["reason"],
                tell_list="tell_list" in request.POST,
                by=person(request),
            )
        except ValidationError as error:
            say(request, error)
        return back_to(meeting)
    told = queries.holders(meeting)
    letter = _cancel_letter(request, meeting, told)
    context = {"form": form, "told": told, "letter": letter, "seen": seen(meeting)}
    people = queries.audience(meeting.list, now).people
    context |= {"people": people}
    context |= {"tell": TellForm(request.POST or None, people=people, subject=letter.subject)}
    context |= {"invited": bool(meeting.invite_at and meeting.invite_at <= now)}
    context |= {"rows": consequences.of_cancelling(meeting, told=told, subject=letter.subject)}
    return page(request, "cancel", meeting, title="Cancel this meeting?", **context)


def put_back(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Putting a cancelled meeting back on: a screen that says who is invited anew."""
    now = clock.now()
    if not meeting.cancelled_at:
        return refuse(request, meeting, "This meeting is on.")
    if meeting.starts_at <= now:
        return refuse(request, meeting, "Its time has passed: set up a new date instead.")
    if request.method == "POST" and not is_stale(request, meeting):
        try:
            actions.put_back(meeting, by=person(request))
        except ValidationError as error:
            say(request, error)
        return back_to(meeting)
    entry = queries.newest_entry(meeting)
    undoes = entry.act == "cancel" and entry.settles_at is not None and now < entry.settles_at
    invited = bool(meeting.invite_at and meeting.invite_at <= now)
    people = queries.audience(meeting.list, now).people if invited and not undoes else 0
    letter = letters.preview(letters.invitation(queries.entry_view(entry)), person(request))
    rows = consequences.of_putting_back(meeting, undoes=undoes, people=people, subject=letter.subject)
    context = {"people": people, "rows": rows, "letter": letter if people else None, "seen": seen(meeting)}
    return page(request, "put_back", meeting, title="Put this meeting back on?", **context)


def undo(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Takes back the act that the banner named, within its two minutes."""
    now = clock.now()
    offers = [offer for offer in queries.undo_offers(now) if offer.meeting == meeting and offer.open]
    if not offers:
        messages.info(
            request, "There is nothing to undo: it was undone already, or its two minutes are over."
        )
        return back_to(meeting)
    if request.POST.get("mark") != offers[0].mark:
        messages.warning(request, "Somebody changed this meeting since. See what can be undone now.")
        return back_to(meeting)
    try:
        actions.undo(meeting, by=person(request))
    except ValidationError as error:
        say(request, error)
        return back_to(meeting)
    left = queries.owed(queries.newest_entry(meeting))
    if left:
        people = wording.count(left, "person", "people")
        messages.success(request, f"Undone. What was done before it still goes to {people}.")
    else:
        messages.success(request, "Undone. Everything is as it was before, and nobody was told.")
    return back_to(meeting)


def _send_question(told: int) -> str:
    have = "person has" if told == 1 else "people have"
    return f"{told:,}{wording.NBSP}{have} this in their calendars. Send them the change?"


def _change_letter(request: HttpRequest, meeting: Meeting, new: Content) -> letters.Preview:
    """What those who hold the entry would get: from what they were last told to what it would say."""
    entry = queries.newest_entry(meeting)
    view = replace(queries.entry_view(entry), content=new)
    was = queries.announced(entry) or queries.content_of(meeting)
    return letters.preview(letters.change(view, was=was), person(request))


def _notice(request: HttpRequest, meeting: Meeting, new: Content) -> letters.Preview:
    """What the list would get about a date that nobody is invited to yet."""
    view = replace(queries.entry_view(queries.newest_entry(meeting)), content=new)
    return letters.preview(letters.notice(view, was=queries.content_of(meeting)), person(request))


def _cancel_letter(request: HttpRequest, meeting: Meeting, told: int) -> letters.Preview:
    """What people would get, with the reason typed so far."""
    entry = queries.newest_entry(meeting)
    off = copy(meeting)
    off.cancelled_at = clock.now()
    off.cancel_reason = request.POST.get("reason", "").strip()[:200] or "(the reason you give)"
    view = replace(queries.entry_view(entry), meeting=off, following=queries.following(meeting))
    was = queries.announced(entry) or queries.content_of(meeting)
    letter = letters.cancellation(view, was=was) if told else letters.notice(view, was=was)
    return letters.preview(letter, person(request))
