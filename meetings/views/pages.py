"""The public dates, a page for each meeting, calendar files, and the answer page behind a mailed link."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from forum.kit import clock, links, tokens, wording
from forum.kit.doors import public_page, sealed
from meetings import actions, agenda, ics, letters, queries, rules
from meetings.forms.answers import AnswerForm
from meetings.models import Answer, Invitation, Meeting
from meetings.queries import pages
from meetings.views import files

ROOM_OPENS = timedelta(minutes=30)


# --- Public pages -----------------------------------------------------------------------------------------------------


@public_page
def year_now(request: HttpRequest) -> HttpResponse:
    """Leads to the present school year; says so when no date is set at all."""
    if not queries.years():
        return render(request, "meetings/no_dates.html")
    return redirect("meetings:year", year=queries.present_year(clock.now()))


@public_page
def year(request: HttpRequest, year: int) -> HttpResponse:
    """All dates of a school year, by term."""
    now = clock.now()
    meetings = queries.meetings_of(year)
    line = queries.year_line(meetings, now)
    if line is None:
        raise Http404("No meetings in this school year")
    context = {
        "year": year,
        "page": pages.dates_page(line, now),
        "feed_address": links.absolute(reverse("meetings:dates-feed")),
        "webcal": f"webcal:{links.absolute(reverse('meetings:dates-feed')).partition(':')[2]}",
        "other_years": [one for one in queries.years() if one != year],
    }
    return render(request, "meetings/year.html", context)


@public_page
def meeting(request: HttpRequest, year: int, slug: str) -> HttpResponse:
    """One meeting, for ever; members also see the joining link and their own answer."""
    found = _by_address(year, slug)
    if found is None:
        return _from_old_address(year, slug, "meetings:meeting")
    now = clock.now()
    context = {
        "meeting": found,
        "place": queries.place_of(found),
        "agenda": agenda.rows(found.agenda),
        "was": pages.moved_from(found),
        "reason": pages.reason(found),
        "held": found.ends_at <= now and not found.cancelled_at,
        "begun": found.starts_at <= now < found.ends_at and not found.cancelled_at,
        "following": queries.following(found) if found.cancelled_at else None,
        "may_get_ready": rules.may_get_ready(request.user),
        "crumbs": [
            {"url": reverse("meetings:year-now"), "label": "Meetings"},
            {"url": reverse("meetings:year", args=[year]), "label": wording.school_year(year)},
        ],
    }
    if not found.cancelled_at and not context["held"] and rules.may_see_link(request.user, found):
        context["panel"] = _panel(request, found, now)
    return render(request, "meetings/meeting.html", context)


def _panel(request: HttpRequest, found: Meeting, now: datetime) -> dict[str, object]:
    """What members see beside a meeting to come: their answer, the way in, who comes."""
    invitation = pages.own_invitation(request.user, found)  # type: ignore[arg-type]
    token = tokens.make(invitation.key, "answer") if invitation else ""
    return {
        "answer": queries.latest_answer(invitation) if invitation else None,
        "answer_url": reverse("meetings:answer", args=[token]) if token else "",
        "invited_on": found.invite_at
        if not invitation and found.invite_at and found.invite_at > now
        else None,
        "coming": pages.coming(found),
        "opens_at": found.starts_at - ROOM_OPENS,
        "room_open": bool(found.join_url) and found.starts_at - ROOM_OPENS <= now,
        "begun": found.starts_at <= now,
        "button": "Join on Zoom" if "zoom" in found.place.lower() else "Join the meeting",
        "link_words": found.join_url.removeprefix("https://"),
    }


def _by_address(year: int, slug: str) -> Meeting | None:
    return Meeting.objects.of_forum().filter(year=year, slug=slug).select_related("list").first()


def _from_old_address(year: int, slug: str, name: str) -> HttpResponse:
    """Leads to where a moved meeting's page is now.

    Shape: for good, but asked again each time, because a meeting can move back.
    """
    moved = queries.by_old_address(year, slug)
    if moved is None:
        raise Http404("No meeting has this address")
    response = redirect(name, year=moved.year, slug=moved.slug, permanent=True)
    response["Cache-Control"] = "no-cache"
    return response


# --- Calendar files ---------------------------------------------------------------------------------------------------


@require_safe
@login_not_required
def dates_file(request: HttpRequest, year: int) -> HttpResponseBase:
    """All dates of a school year as a calendar file, without joining links."""
    meetings = queries.meetings_of(year)
    if not meetings:
        raise Http404("No meetings in this school year")
    body, edited_at = _year_calendar(year, meetings)
    return files.answer(request, body, edited_at, filename=f"forum-meetings-{_in_address(year)}.ics")


@require_safe
@login_not_required
def meeting_file(request: HttpRequest, year: int, slug: str) -> HttpResponseBase:
    """One meeting as a calendar file, without the joining link."""
    found = _by_address(year, slug)
    if found is None:
        return _from_old_address(year, slug, "meetings:meeting-file")
    entry = letters.public_entry(queries.newest_entry(found), found)
    body = ics.publish([entry], name=str(settings.SITE_NAME), public=True)
    return files.answer(
        request, body, entry.modified_at, filename=f"forum-meeting-{slug}-{_in_address(year)}.ics"
    )


@require_safe
@login_not_required
@sealed
def answer_file(request: HttpRequest, token: str) -> HttpResponse:
    """One person's calendar file: the entry they were invited to, at their own SEQUENCE, with the joining link."""
    invitation = pages.invitation_of(tokens.read(token, "answer"))
    if invitation is None:
        return _dead_link(request)
    meeting = invitation.entry.meeting
    with_link = rules.may_have_link(invitation, clock.now())
    row = next(row for row in pages.published([meeting]) if row.entry == invitation.entry)
    sequence = max(invitation.sequence, row.entry.sequence)
    entry = letters.public_entry(row.entry, meeting, sequence=sequence, with_link=with_link)
    off = entry.cancelled or invitation.withdrawn_at is not None
    entry = replace(entry, starts_at=row.starts_at, ends_at=row.ends_at, cancelled=off)
    body = ics.publish([entry], name=str(settings.SITE_NAME), public=not with_link)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = (
        f'inline; filename="forum-meeting-{meeting.slug}-{_in_address(meeting.year)}.ics"'
    )
    return response


def _year_calendar(year: int, meetings: Iterable[Meeting]) -> tuple[bytes, datetime]:
    """A year's file and when something in it last changed."""
    entries = [
        replace(letters.public_entry(row.entry, row.meeting), starts_at=row.starts_at, ends_at=row.ends_at)
        for row in pages.published(meetings)
    ]
    name = f"{settings.SITE_NAME}, {wording.school_year(year)}"
    return ics.publish(entries, name=name, public=True), max(entry.modified_at for entry in entries)


def _in_address(year: int) -> str:
    return f"{year}-{(year + 1) % 100:02d}"


# --- The answer page --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@sealed
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """The answer of one invited person: opening it changes nothing, *Save my answer* does."""
    invitation = pages.invitation_of(tokens.read(token, "answer"))
    if invitation is None:
        return _dead_link(request)
    if request.method == "POST":
        form = AnswerForm(request.POST)
        if form.is_valid():
            return _keep_answer(request, invitation, form)
        return _answer_page(request, invitation, form)
    return _answer_page(request, invitation, None)


def _keep_answer(request: HttpRequest, invitation: Invitation, form: AnswerForm) -> HttpResponse:
    kept = actions.give_answer(invitation, choice=form.cleaned_data["answer"], note=form.cleaned_data["note"])
    if kept.counted:
        said = letters.choice_words(kept.choice)
        day = wording.long_date(kept.starts_at)
        messages.success(
            request, f"You have said {said} to {day}. You can change this until the meeting starts."
        )
    else:
        messages.warning(request, f"We have kept your answer, but it does not count. {kept.why_not}.")
    return redirect(request.path)


def _answer_page(request: HttpRequest, invitation: Invitation, form: AnswerForm | None) -> HttpResponse:
    now = clock.now()
    meeting, person = invitation.entry.meeting, invitation.person
    standing = pages.standing(invitation, now)
    saved = queries.latest_answer(invitation)
    was = queries.time_in_hand(invitation)
    asked = request.GET.get("answer", "") if was is None else ""
    choice = asked if asked in Answer.Choice.values else (saved.choice if saved else "")
    newer = pages.own_invitation(person, meeting) if standing == pages.Standing.PUT_BACK else None
    context = {
        "form": form or AnswerForm(initial={"answer": choice, "note": saved.note if saved else ""}),
        "meeting": meeting,
        "person": person,
        "trusts": wording.listed(pages.trust_names(person)),
        "standing": standing,
        "saved": saved,
        "was": was,
        "reason": pages.reason(meeting),
        "unsaved": form is not None or saved is None or choice != saved.choice,
        "following": queries.following(meeting) if standing == pages.Standing.CANCELLED else None,
        "newer_url": reverse("meetings:answer", args=[tokens.make(newer.key, "answer")]) if newer else "",
        "mail_url": reverse("members:mail", args=[tokens.make(person.key, "mail")]),
        "forum_address": settings.MAIL_FROM,
    }
    if standing != pages.Standing.OPEN:
        return render(request, "meetings/answer_closed.html", context | {"form": None})
    return render(request, "meetings/answer.html", context)


def _dead_link(request: HttpRequest) -> HttpResponse:
    return render(request, "members/dead_link.html", {"forum_address": settings.MAIL_FROM}, status=404)
