"""Screens about letters: see it, test it, send it, who got it."""

import secrets

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
from meetings.admin.doors import back_to, is_stale, page, person, say, seen
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
    entry = queries.newest_entry(meeting)
    return page(
        request,
        "preview",
        meeting,
        title="Preview and send",
        audience=queries.audience(meeting.list, now),
        delivery=queries.delivery(entry),
        letter=_letter(meeting, person(request)),
        nonce=secrets.token_hex(8),
        is_open=not meeting.cancelled_at and meeting.starts_at > now,
        gone=bool(meeting.invite_at and meeting.invite_at <= now),
    )


def send(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """«Send to 428 people?» A second press or a reload sends nothing twice."""
    if request.method == "POST" and not is_stale(request, meeting):
        try:
            if not actions.send_now(meeting, by=person(request)):
                messages.info(request, "These invitations have gone out already. Nothing was sent twice.")
        except ValidationError as error:
            say(request, error)
        return back_to(meeting)
    return page(
        request,
        "send",
        meeting,
        title="Send the invitations now?",
        audience=queries.audience(meeting.list, clock.now()),
        lacks=queries.missing(meeting),
        seen=seen(queries.newest_entry(meeting)),
    )


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
    initial = {"when": InviteForm.ON if meeting.invite_at else InviteForm.LEAVE}
    if meeting.invite_at:
        initial["day"] = wording.long_date(meeting.invite_at).replace(wording.NBSP, " ")
    people = queries.audience(meeting.list, now).people
    form = InviteForm(
        request.POST or None,
        initial=initial,
        meeting=meeting,
        today=clock.london(now).date(),
        people=people,
        starts_at=meeting.starts_at,
        allow_now=False,
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.plan_invitations(meeting, invite_at=form.cleaned_data["invite_at"], by=person(request))
        except ValidationError as error:
            say(request, error)
        return back_to(meeting)
    return page(request, "plan", meeting, title="When do its invitations go?", form=form, people=people)


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
    rows = queries.receipts(entry, state)
    return page(
        request,
        "people",
        meeting,
        title="Who got it",
        delivery=queries.delivery(entry),
        state=state,
        states=queries.RECEIPT_STATES,
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


def _letter(meeting: Meeting, to: Person) -> letters.Preview:
    """What the last act tells people while it settles; otherwise the invitation."""
    now = clock.now()
    view = queries.entry_view(queries.newest_entry(meeting))
    before = queries.content_before(view.entry, now)
    if view.ended and before:
        return letters.preview(letters.cancellation(view, was=before), to)
    if before and before != view.content:
        return letters.preview(letters.change(view, was=before), to)
    return letters.preview(letters.invitation(view), to)
