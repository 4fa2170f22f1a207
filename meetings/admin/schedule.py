"""Screens that change a meeting: words, link, time, cancelled, put back, undone."""

from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from forum.kit import clock, wording
from meetings import actions, dates, letters, queries
from meetings.admin.doors import back_to, is_stale, page, person, say, seen
from meetings.forms.chairs import CancelForm, InviteForm, LinkForm, MoveForm, WordsForm
from meetings.models import Meeting
from meetings.queries import Content


def words(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Theme and agenda: saved quietly, or told to whoever holds the entry."""
    told = queries.holders(meeting)
    form = WordsForm(request.POST or None, initial={"theme": meeting.theme, "agenda": meeting.agenda})
    if request.method == "POST" and form.is_valid() and not is_stale(request, meeting):
        changed = actions.edit_words(
            meeting,
            theme=form.cleaned_data["theme"],
            agenda=form.cleaned_data["agenda"],
            announce=request.POST.get("how") == "tell",
            by=person(request),
        )
        if not changed:
            messages.info(request, "Nothing was changed.")
        return back_to(meeting)
    mark = seen(queries.newest_entry(meeting))
    return page(request, "words", meeting, title="Theme and agenda", form=form, told=told, seen=mark)


def link(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """The joining link: whoever holds the entry is told, after a screen that says how many."""
    told = queries.holders(meeting)
    initial = {name: getattr(meeting, name) for name in ("join_url", "join_id", "passcode")}
    form = LinkForm(request.POST or None, initial=initial)
    entry = queries.newest_entry(meeting)
    context = {
        "title": "Joining link",
        "form": form,
        "told": told,
        "seen": seen(entry),
        "first": not meeting.join_url,
    }
    if request.method != "POST" or not form.is_valid():
        return page(request, "link", meeting, **context)
    data = form.cleaned_data
    if told and "confirmed" not in request.POST and any(data[name] != initial[name] for name in initial):
        was = queries.content_of(meeting)
        new = replace(was, **{name: data[name] for name in initial})
        context |= {"title": _send_question(told), "letter": _letter_to(request, meeting, was, new)}
        return page(request, "link_confirm", meeting, **context)
    if is_stale(request, meeting):
        return page(request, "link", meeting, **context)
    try:
        if not actions.change_link(meeting, by=person(request), **data):
            messages.info(request, "Nothing was changed: this is the link already.")
    except ValidationError as error:
        say(request, error)
    return back_to(meeting)


def move(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Another time: first the form, then a screen that says what changes and who is told."""
    now = clock.now()
    initial = {
        "day": wording.long_date(meeting.starts_at).replace(wording.NBSP, " "),
        "starts": wording.clock_time(meeting.starts_at),
        "ends": wording.clock_time(meeting.ends_at),
    }
    form = MoveForm(request.POST or None, initial=initial, meeting=meeting, today=clock.london(now).date())
    if request.method != "POST" or not form.is_valid() or "back" in request.POST:
        return page(request, "move", meeting, title="Move this meeting", form=form)
    starts_at, ends_at = form.cleaned_data["starts_at"], form.cleaned_data["ends_at"]
    if starts_at <= now or (starts_at, ends_at) == meeting.time:
        form.add_error(
            "day",
            "It is at this time already" if starts_at > now else "That time has passed: choose one to come",
        )
        return page(request, "move", meeting, title="Move this meeting", form=form)
    return _move_confirm(request, meeting, form)


def _move_confirm(request: HttpRequest, meeting: Meeting, form: MoveForm) -> HttpResponse:
    now = clock.now()
    starts_at, ends_at = form.cleaned_data["starts_at"], form.cleaned_data["ends_at"]
    told, people = queries.holders(meeting), queries.audience(meeting.list, now).people
    invited = bool(meeting.invite_at and meeting.invite_at <= now)
    planned = dates.invitation_moment(dates.invitation_day(clock.london(starts_at).date()))
    asks = not invited and planned <= now
    invite = InviteForm(
        request.POST if "confirmed" in request.POST else None,
        meeting=meeting,
        today=clock.london(now).date(),
        people=people,
        starts_at=starts_at,
        prefix="invite",
    )
    if "confirmed" in request.POST and (not asks or invite.is_valid()) and not is_stale(request, meeting):
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
    was = queries.content_of(meeting)
    new = replace(was, starts_at=starts_at, ends_at=ends_at)
    return page(
        request,
        "move_confirm",
        meeting,
        title=_send_question(told) if told else "Move this meeting?",
        form=form,
        invite=invite if asks else None,
        planned=planned,
        people=people,
        invited=invited,
        told=told,
        starts_at=starts_at,
        ends_at=ends_at,
        answers=queries.answers(meeting),
        clashes=queries.clashes(meeting, starts_at, ends_at),
        letter=_letter_to(request, meeting, was, new) if told else None,
        seen=seen(queries.newest_entry(meeting)),
    )


def cancel(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Calling it off: one screen with the reason, who is told and how many."""
    now = clock.now()
    told = queries.holders(meeting)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and not is_stale(request, meeting):
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
    return page(
        request,
        "cancel",
        meeting,
        title="Cancel this meeting?",
        form=form,
        told=told,
        people=queries.audience(meeting.list, now).people,
        following=queries.following(meeting),
        seen=seen(queries.newest_entry(meeting)),
    )


def put_back(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Putting a cancelled meeting back on: a screen that says who is invited anew."""
    now = clock.now()
    if request.method == "POST" and not is_stale(request, meeting):
        try:
            actions.put_back(meeting, by=person(request))
        except ValidationError as error:
            say(request, error)
        return back_to(meeting)
    invited = bool(meeting.invite_at and meeting.invite_at <= now)
    entry = queries.newest_entry(meeting)
    return page(
        request,
        "put_back",
        meeting,
        title="Put this meeting back on?",
        people=queries.audience(meeting.list, now).people if invited else 0,
        undoes=entry.act == "cancel" and entry.settles_at is not None and now < entry.settles_at,
        seen=seen(entry),
    )


def undo(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Takes back the last act, within its two minutes."""
    try:
        actions.undo(meeting, by=person(request))
        messages.success(request, "Undone. Everything is as it was before, and nobody was told.")
    except ValidationError as error:
        say(request, error)
    return back_to(meeting)


def _send_question(told: int) -> str:
    have = "person has" if told == 1 else "people have"
    return f"{told:,}{wording.NBSP}{have} this in their calendars. Send them the change?"


def _letter_to(request: HttpRequest, meeting: Meeting, was: Content, new: Content) -> letters.Preview:
    view = replace(queries.entry_view(queries.newest_entry(meeting)), content=new)
    return letters.preview(letters.change(view, was=was), person(request))
