"""Screens about one person: what we hold, and one for each change, saying first what it does."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from forum.kit import clock, wording
from members import actions, queries, rules
from members.forms import AddPersonForm, AddressForm, DetailsForm, LeaveListForm, OfficeForm, PlaceForm
from members.models import MailingList, Person, Subscription
from members.queries import Standing

type Screen = Callable[[HttpRequest, Person], HttpResponse]


def door(screen: Screen, *methods: str) -> Callable[[HttpRequest, int], HttpResponse]:
    """A screen behind its person, its right and its methods."""

    def opened(request: HttpRequest, object_id: int) -> HttpResponse:
        if not request.user.has_perm("members.change_person"):
            raise PermissionDenied("Only the chair and the deputies change what we hold about people.")
        if request.method not in methods:
            return HttpResponseNotAllowed(methods)
        return screen(request, get_object_or_404(Person, pk=object_id))

    return opened


def overview(request: HttpRequest, person: Person) -> HttpResponse:
    """What we hold about one person, each line with the screen that changes it."""
    standing = queries.standing(person, clock.now())
    return _page(
        request,
        "person",
        person,
        title=person.name,
        standing=standing,
        rows=_rows(person, standing, may_give=request.user.has_perm("members.give_office")),
        messages_url=f"{reverse('admin:outbox_message_changelist')}?q={person.email}",
        has_place=bool(standing.roles or standing.on_list),
    )


def add(request: HttpRequest) -> HttpResponse:
    """Somebody new: name, address, trust, and the Forum's list if wanted."""
    if not request.user.has_perm("members.add_person"):
        raise PermissionDenied("Only the chair and the deputies add people.")
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    form = AddPersonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = actions.add_person(
                email=data["email"],
                name=data["name"],
                job_title=data["job_title"],
                trust=data["trust"],
                kind=data["kind"],
                of_list=_forum() if data["on_list"] else None,
                basis=Subscription.Basis.ADDED_BY_LEAD,
                added_by=_by(request),
                by=_by(request),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{made.name} is added.")
            return _back_to(made)
    context = {"form": form, "button": "Add this person", "back": reverse("admin:members_person_changelist")}
    return _page(request, "form", None, title="Add a person", **context)


def details(request: HttpRequest, person: Person) -> HttpResponse:
    """Another name or job title."""
    initial = {"name": person.name, "job_title": person.job_title}
    form = DetailsForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        done = actions.rename_person(person, by=_by(request), **form.cleaned_data)
        return _done(request, person, "Saved." if done else "")
    return _form(request, person, form, "Name and job title", "Save name and job title", [])


def address(request: HttpRequest, person: Person) -> HttpResponse:
    """Another address: says first what happens to calendars."""
    _may_change_sign_in(request, person)
    coming = queries.standing(person, clock.now()).coming
    form = AddressForm(
        request.POST if request.method == "POST" else None, initial={"email": person.email}, person=person
    )
    if form.is_valid():
        try:
            done = actions.change_address(person, email=form.cleaned_data["email"], by=_by(request))
        except ValidationError as error:
            form.add_error("email", error)
        else:
            return _done(request, person, "Saved. Mail goes to the new address from now on." if done else "")
    lines = ["They sign in with this address, and all mail goes there."]
    if coming:
        meetings = wording.count(coming, "coming meeting")
        lines.append(
            f"{meetings} {'leaves' if coming == 1 else 'leave'} the calendar of the old mailbox, and "
            "the new one is invited, within a minute."
        )
    if person.mail_paused_at:
        lines.append("The pause of the old address does not go with it: mail goes to the new one.")
    return _form(request, person, form, "Another address", "Save the address", lines)


def place(request: HttpRequest, person: Person) -> HttpResponse:
    """A place at a trust: as its lead or as a colleague."""
    roles = queries.standing(person, clock.now()).roles
    initial = {"trust": roles[0].trust_id, "kind": roles[0].kind} if roles else {}
    form = PlaceForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            done = actions.place_at_trust(person, by=_by(request), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _done(request, person, "Saved." if done else "")
    lines = ["A place at another trust is added to the present one; ‘Has left’ ends them all."]
    return _form(request, person, form, "Place at a trust", "Save the place", lines)


def forum_list(request: HttpRequest, person: Person) -> HttpResponse:
    """On the Forum's list, or off it."""
    standing = queries.standing(person, clock.now())
    if standing.on_list:
        return _take_off(request, person, standing)
    posted = request.method == "POST"
    if posted and request.POST.get("act") != "on":
        return _done(request, person, "")
    if posted:
        try:
            actions.subscribe(
                person,
                of_list=_forum(),
                basis=Subscription.Basis.ADDED_BY_LEAD,
                added_by=_by(request),
                by=_by(request),
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return _back_to(person)
        return _done(request, person, f"{person.name} is on the Forum’s list.")
    lines = [
        "Within a minute they get a welcome with the dates, and the invitations that are out now; later ones on "
        "their days."
    ]
    if standing.asked_for_peace:
        lines = [
            "They have asked not to be emailed. Only they can change that, by the link in any of our messages."
        ]
    act = "" if standing.asked_for_peace else "on"
    title = f"Put {person.name} on the Forum’s list?"
    return _form(request, person, None, title, "Put them on the list" if act else "", lines, act=act)


def _take_off(request: HttpRequest, person: Person, standing: Standing) -> HttpResponse:
    posted = request.method == "POST"
    if posted and request.POST.get("act") != "off":
        return _done(request, person, "")
    form = LeaveListForm(request.POST if posted else None)
    if form.is_valid():
        take_out = form.cleaned_data["take_out"]
        actions.unsubscribe(person, lists=[_forum()], takes_entries_out=take_out, by=_by(request))
        return _done(request, person, f"{person.name} is off the Forum’s list.")
    lines = ["They get no more invitations. They stay at their trust, and can still sign in."]
    if standing.coming:
        meetings = wording.count(standing.coming, "coming meeting is", "coming meetings are")
        lines.append(f"{meetings} in their calendar. Each that is taken out sends them one message.")
    title = f"Take {person.name} off the Forum’s list?"
    return _form(request, person, form, title, "Take them off the list", lines, act="off", danger=True)


def left(request: HttpRequest, person: Person) -> HttpResponse:
    """Has left the trust: places and lists end, and coming meetings leave the calendar."""
    if request.method == "POST":
        try:
            done = actions.leave_trust(person, by=_by(request))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return _back_to(person)
        return _done(
            request, person, f"{person.name} has left. No invitations go there any more." if done else ""
        )
    standing = queries.standing(person, clock.now())
    lines = [
        f"Their place at {wording.listed([role.trust.name for role in standing.roles]) or 'no trust'} ends, "
        "and they are on no list of the Forum any more."
    ]
    if standing.coming:
        meetings = wording.count(standing.coming, "coming meeting leaves", "coming meetings leave")
        lines.append(f"{meetings} their calendar, with one message each.")
    lines.append("Their answers and what they wrote stay. Nothing is deleted.")
    title = f"Has {person.name} left?"
    return _form(request, person, None, title, "Yes, they have left", lines, act="left", danger=True)


def resume(request: HttpRequest, person: Person) -> HttpResponse:
    """Lets mail go to an address again that sent it back."""
    done = actions.resume_mail(person, by=_by(request))
    return _done(
        request,
        person,
        "Mail goes there again. What they missed follows within a minute." if done else "",
    )


def office(request: HttpRequest, person: Person) -> HttpResponse:
    """An office of the Forum, given or taken; only a chair does this, and never for himself."""
    if not request.user.has_perm("members.give_office"):
        raise PermissionDenied("Only a chair gives offices.")
    initial = {"office": person.office}
    form = OfficeForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            done = actions.give_office(person, office=form.cleaned_data["office"], by=_by(request))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _done(request, person, "Saved. They are told by email." if done else "")
    lines = [
        "A chair and a deputy work in the admin: meetings, people, mail. Only a chair gives offices.",
        "The admin asks them for a second step when they sign in: an app or a passkey, which they set up themselves.",
    ]
    return _form(request, person, form, f"The office of {person.name}", "Save the office", lines)


def second_step(request: HttpRequest, person: Person) -> HttpResponse:
    """Takes away a lost second step, so that its owner can set up another."""
    if not request.user.has_perm("members.reset_second_step"):
        raise PermissionDenied("Only the chair and the deputies do this.")
    _may_change_sign_in(request, person)
    if request.method == "POST":
        try:
            done = actions.reset_second_step(person, by=_by(request))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return _back_to(person)
        return _done(
            request,
            person,
            f"Done. {person.first_name} sets up a new one at the next sign-in." if done else "",
        )
    lines = [
        "Do this when they have lost their phone or key and their recovery codes, and you have spoken to them.",
        "Their app, passkeys and recovery codes stop working, they are signed out everywhere, and they are told by "
        "email. Then they sign in with a code from their mailbox and set up a new second step.",
    ]
    title = f"Take away the second step of {person.name}?"
    return _form(request, person, None, title, "Take it away", lines, danger=True)


def _may_change_sign_in(request: HttpRequest, person: Person) -> None:
    if not rules.may_change_sign_in(_by(request), person):
        raise PermissionDenied("Only a chair changes how the chair and the deputies sign in.")


def _rows(person: Person, standing: Standing, *, may_give: bool) -> list[dict[str, str]]:
    places = [f"{role.trust.name} ({role.get_kind_display()})" for role in standing.roles]
    rows = [
        _row("Name", person.name, _url("details", person), "Correct"),
        _row("Job title", person.job_title or "Not known", _url("details", person), "Correct"),
        _row("Address", person.email, _url("address", person), "Change"),
        _row("Trust", wording.listed(places) or "None now", _url("place", person), "Change"),
        _row("Forum’s list", _list_words(standing), _url("list", person), "Change"),
        _row(
            "Coming meetings",
            f"{standing.coming:,} in their calendar" if standing.coming else "None sent yet",
        ),
    ]
    if person.office or may_give:
        words = person.get_office_display() or "None"
        rows.append(_row("Office", words, _url("office", person) if may_give else "", "Change"))
    if person.pk in queries.with_second_step([person.pk]):
        rows.append(_row("Second step", "Set up", _url("second-step", person), "Lost it"))
    return rows


def _list_words(standing: Standing) -> str:
    row = standing.subscription
    if row is None:
        return "Not on it"
    if row.ended_at:
        return f"Off it since {wording.long_day(row.ended_at)}"
    by = f", put on it by {row.added_by.name}" if row.added_by else ""
    return f"On it since {wording.long_day(row.started_at)}{by}"


def _row(key: str, value: str, url: str = "", action: str = "") -> dict[str, str]:
    return {"key": key, "value": value, "url": url, "action": action}


def _form(
    request: HttpRequest,
    person: Person,
    form: forms.Form | None,
    title: str,
    button: str,
    lines: list[str],
    **context: Any,
) -> HttpResponse:
    context |= {"form": form, "button": button, "lines": lines, "back": _url("change", person)}
    return _page(request, "form", person, title=title, **context)


def _page(request: HttpRequest, template: str, person: Person | None, **context: Any) -> HttpResponse:
    shared = admin.site.each_context(request) | {"person": person, "opts": Person._meta}
    return render(request, f"admin/members/{template}.html", shared | context)


def _by(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _forum() -> MailingList:
    return MailingList.objects.get(slug=MailingList.FORUM)


def _url(screen: str, person: Person) -> str:
    return reverse(f"admin:members_person_{screen}", args=[person.pk])


def _back_to(person: Person) -> HttpResponse:
    return redirect(_url("change", person))


def _done(request: HttpRequest, person: Person, words: str) -> HttpResponse:
    if words:
        messages.success(request, words)
    else:
        messages.info(request, "Nothing was changed: it stands like this already.")
    return _back_to(person)
