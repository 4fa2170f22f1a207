"""Screens about letters: see it, test it, send it, who got it."""

import secrets
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override

from forum.kit import clock, wording
from meetings import actions, letters, queries
from meetings.admin.doors import back_to, is_stale, page, person, refuse, say, seen
from meetings.forms.chairs import InviteForm
from meetings.models import Meeting
from members.models import Person

PEOPLE_ON_A_PAGE = 50
MAIL_CSP = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
}


def preview(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """The invitation as people will see it, whom it goes to and when."""
    now = clock.now()
    return page(
        request,
        "preview",
        meeting,
        title="Preview and send",
        audience=queries.audience(meeting.list, now),
        delivery=queries.delivery(queries.newest_entry(meeting)),
        letter=_letter(meeting, person(request)),
        nonce=secrets.token_hex(8),
        lacks=queries.missing(meeting),
        is_open=not meeting.cancelled_at and meeting.starts_at > now,
        is_gone=_is_gone(meeting, now),
    )


def send(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """«Send to 428 people?» A second press or a reload sends nothing twice."""
    now = clock.now()
    if _is_gone(meeting, now):
        return refuse(request, meeting, "These invitations have gone out already. Nothing is sent twice.")
    if meeting.cancelled_at or meeting.starts_at <= now:
        return refuse(request, meeting, "This meeting is off or has begun: nobody can be invited.")
    if request.method == "POST" and not is_stale(request, meeting):
        try:
            actions.send_now(meeting, by=person(request))
        except ValidationError as error:
            say(request, error)
        return back_to(meeting)
    audience = queries.audience(meeting.list, now)
    people = wording.count(audience.people, "person", "people")
    context = {
        "audience": audience,
        "people": people,
        "lacks": queries.missing(meeting),
        "seen": seen(meeting),
    }
    context |= {"letter": _letter(meeting, person(request))}
    return page(request, "send", meeting, title=f"Send to {people}?", **context)


def test(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """One test, to the one who asks."""
    nonce = "".join(char for char in request.POST.get("nonce", "") if char.isalnum())[:32]
    if nonce and actions.send_test(meeting, nonce=nonce, by=person(request)):
        messages.success(request, f"A test is on its way to {person(request).email}. Nobody else gets it.")
    else:
        messages.info(request, "This test was sent already. Open the page again to send another.")
    return redirect(reverse("admin:meetings_meeting_preview", args=[meeting.pk]))


def plan(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """The day its invitations go."""
    now = clock.now()
    if _is_gone(meeting, now):
        return refuse(request, meeting, "These invitations have gone out already.")
    if meeting.cancelled_at or meeting.starts_at <= now:
        return refuse(request, meeting, "This meeting is off or has begun: nobody can be invited.")
    initial = {"when": InviteForm.ON if meeting.invite_at else InviteForm.LEAVE}
    if meeting.invite_at:
        initial["day"] = wording.long_date(meeting.invite_at).replace(wording.NBSP, " ")
    people = queries.audience(meeting.list, now).people
    form = InviteForm(
        request.POST if request.method == "POST" else None,
        initial=initial,
        meeting=meeting,
        today=clock.london(now).date(),
        people=people,
        starts_at=meeting.starts_at,
        allow_now=False,
    )
    if form.is_valid() and not is_stale(request, meeting):
        try:
            if not actions.plan_invitations(
                meeting, invite_at=form.cleaned_data["invite_at"], by=person(request)
            ):
                messages.info(request, "Nothing was changed.")
        except ValidationError as error:
            say(request, error)
        return back_to(meeting)
    context = {"form": form, "people": people, "seen": seen(meeting)}
    return page(request, "plan", meeting, title="When do its invitations go?", **context)


def message(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """The letter that the last act sends, or the invitation."""
    return page(request, "message", meeting, title="The message", letter=_letter(meeting, person(request)))


@xframe_options_sameorigin
@csp_override(MAIL_CSP)
def message_html(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """The same letter's HTML, alone and locked in, for a frame."""
    return HttpResponse(_letter(meeting, person(request)).html)


def people(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Who got it, who did not and why."""
    entry = queries.newest_entry(meeting)
    state = request.GET.get("state", "")
    delivery = queries.delivery(entry)
    numbers = {
        "": delivery.total,
        "sent": delivery.sent,
        "waiting": delivery.waiting,
        "refused": delivery.refused,
    }
    rows = queries.receipts(entry, state if state in numbers else "")
    return page(
        request,
        "people",
        meeting,
        title="Who got it",
        delivery=delivery,
        audience=queries.audience(meeting.list, clock.now()),
        state=state if state in numbers else "",
        states=[(key, label, numbers[key]) for key, label in queries.RECEIPT_STATES],
        page_obj=Paginator(rows, PEOPLE_ON_A_PAGE).get_page(request.GET.get("page")),
    )


def try_again(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Sends again what was refused."""
    number = actions.try_again(meeting, by=person(request))
    if number:
        messages.success(
            request, f"{wording.count(number, 'letter goes', 'letters go')} again within a minute."
        )
    else:
        messages.info(request, "Nothing was refused that could go again.")
    return redirect(reverse("admin:meetings_meeting_people", args=[meeting.pk]))


def _is_gone(meeting: Meeting, now: datetime) -> bool:
    return meeting.invite_at is not None and meeting.invite_at <= now


def _letter(meeting: Meeting, to: Person) -> letters.Preview:
    """What the last act tells people while it settles; otherwise the invitation."""
    now = clock.now()
    view = queries.entry_view(queries.newest_entry(meeting))
    before = queries.content_before(view.entry, now)
    knows = queries.list_knows(view.entry)
    if knows:
        return letters.preview(letters.notice(view, was=knows), to)
    was = queries.announced(view.entry) if before else None
    if was and view.ended:
        return letters.preview(letters.cancellation(view, was=was), to)
    if was and was != view.content and queries.told_by(view.entry):
        return letters.preview(letters.change(view, was=was), to)
    return letters.preview(letters.invitation(view), to)
