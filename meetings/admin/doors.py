"""What every screen about one meeting begins and ends with."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from forum.kit import clock
from meetings import queries
from meetings.models import Meeting
from members.models import Person

type Screen = Callable[[HttpRequest, Meeting], HttpResponse]


def door(screen: Screen, *methods: str) -> Callable[[HttpRequest, int], HttpResponse]:
    """A screen behind its meeting, its right and its methods."""

    def opened(request: HttpRequest, object_id: int) -> HttpResponse:
        if not request.user.has_perm("meetings.change_meeting"):
            raise PermissionDenied("Only the chair and the deputies change meetings.")
        if request.method not in methods:
            return HttpResponseNotAllowed(methods)
        meeting = get_object_or_404(Meeting.objects.select_related("list"), pk=object_id)
        return screen(request, meeting)

    return opened


def page(request: HttpRequest, template: str, meeting: Meeting | None, **context: Any) -> HttpResponse:
    """An admin page of ours with what Django's own admin pages have."""
    shared = admin.site.each_context(request) | {"meeting": meeting, "opts": Meeting._meta}
    return render(request, f"admin/meetings/{template}.html", shared | context)


def person(request: HttpRequest) -> Person:
    """Who is signed in; the admin lets nobody else this far."""
    assert isinstance(request.user, Person)
    return request.user


def home_of(meeting: Meeting) -> str:
    """The meeting's own screen."""
    return reverse("admin:meetings_meeting_change", args=[meeting.pk])


def back_to(meeting: Meeting) -> HttpResponse:
    """On to the meeting's own screen."""
    return redirect(home_of(meeting))


def say(request: HttpRequest, error: ValidationError) -> None:
    """Shows what an action refused."""
    for words in error.messages:
        messages.error(request, words)


def refuse(request: HttpRequest, meeting: Meeting, words: str) -> HttpResponse:
    """On to the meeting's own screen, with a sentence that says why nothing was done."""
    messages.info(request, words)
    return back_to(meeting)


def seen(meeting: Meeting) -> str:
    """A mark of the meeting and of how many are told, so that a later press can tell whether either changed since."""
    entry, now = queries.newest_entry(meeting), clock.now()
    invited = bool(meeting.invite_at and meeting.invite_at <= now)
    people = queries.holders(meeting) if invited else queries.audience(meeting.list, now).people
    return f"{entry.pk}.{entry.revision}.{entry.sequence}.{meeting.edited_at.timestamp():.6f}.{int(invited)}.{people}"


def is_stale(request: HttpRequest, meeting: Meeting) -> bool:
    """Whether the meeting changed since the screen was shown; says so."""
    if request.POST.get("seen") == seen(meeting):
        return False
    messages.warning(
        request, "Somebody changed this meeting while you were looking. Check it, then try again."
    )
    return True
