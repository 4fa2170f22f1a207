"""The list of meetings and one meeting's own screen."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.urls.resolvers import URLResolver

from forum.audit.models import AuditEntry
from forum.kit import clock, wording
from meetings import queries, reminders
from meetings.admin import schedule, sending, year
from meetings.admin.doors import door, page
from meetings.models import Meeting
from members.models import Person

HISTORY_SHOWN = 20


class SchoolYearFilter(admin.SimpleListFilter):
    """The school year, as people write it."""

    title = "school year"
    parameter_name = "year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """School years with meetings, newest first."""
        known = Meeting.objects.order_by("-year").values_list("year", flat=True).distinct()
        return [(str(year), wording.school_year(year)) for year in known]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The meetings asked for."""
        year = self.value() or ""
        return queryset.filter(year=int(year)) if year.isdecimal() and len(year) == 4 else queryset


@admin.register(Meeting)
class MeetingAdmin(admin.ModelAdmin[Meeting]):
    """Meetings are read here; every change has a screen of its own that leads to an action."""

    list_display = ("day", "time", "theme", "state", "list")
    list_filter = (SchoolYearFilter, "list")
    search_fields = ("theme",)
    search_help_text = "Theme"
    list_per_page = 50
    ordering = ("-year", "starts_at", "id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """New meetings come by «Set up a year», one line or many."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Meeting | None = None) -> bool:
        """Meetings are cancelled, never deleted."""
        return False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Django's own form is not among the ways to change a meeting."""
        raise Http404("Meetings change on screens of their own.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Meeting]:
        """Meetings with what their lines show."""
        return super().get_queryset(request).select_related("list")

    @admin.display(description="Day", ordering="starts_at")
    def day(self, meeting: Meeting) -> str:
        """«Thu 6 Nov 2025»."""
        return wording.short_long_date(meeting.starts_at)

    @admin.display(description="Time")
    def time(self, meeting: Meeting) -> str:
        """«10:00am to 11:30am»."""
        return wording.time_range(*meeting.time)

    @admin.display(description="State")
    def state(self, meeting: Meeting) -> str:
        """Where the meeting is in its life."""
        now = clock.now()
        if meeting.cancelled_at:
            return "Cancelled"
        if meeting.ends_at <= now:
            return "Held"
        if meeting.invite_at and meeting.invite_at <= now:
            return "Invited"
        return "Ready" if not queries.missing(meeting) else f"No {' and no '.join(queries.missing(meeting))}"

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        """The screens of one meeting, before Django's own addresses."""
        own: list[URLPattern | URLResolver] = [
            self._screen("", "change", overview, "GET", "HEAD"),
            self._screen("words/", "words", schedule.words, "GET", "HEAD", "POST"),
            self._screen("link/", "link", schedule.link, "GET", "HEAD", "POST"),
            self._screen("move/", "move", schedule.move, "GET", "HEAD", "POST"),
            self._screen("cancel/", "cancel", schedule.cancel, "GET", "HEAD", "POST"),
            self._screen("put-back/", "put_back", schedule.put_back, "GET", "HEAD", "POST"),
            self._screen("undo/", "undo", schedule.undo, "POST"),
            self._screen("preview/", "preview", sending.preview, "GET", "HEAD"),
            self._screen("send/", "send", sending.send, "GET", "HEAD", "POST"),
            self._screen("test/", "test", sending.test, "POST"),
            self._screen("day/", "plan", sending.plan, "GET", "HEAD", "POST"),
            self._screen("message/", "message", sending.message, "GET", "HEAD"),
            self._screen("message/html/", "message_html", sending.message_html, "GET", "HEAD"),
            self._screen("people/", "people", sending.people, "GET", "HEAD"),
            self._screen("try-again/", "try_again", sending.try_again, "POST"),
        ]
        return [*own, *super().get_urls()]

    def site_urls(self) -> list[URLPattern | URLResolver]:
        """Screens about no one meeting."""
        return [
            path(
                "meetings/set-up-a-year/",
                self.admin_site.admin_view(year.set_up_year),
                name="meetings_set_up_year",
            )
        ]

    def _screen(self, tail: str, name: str, screen: Callable[..., HttpResponse], *methods: str) -> URLPattern:
        return path(
            f"<int:object_id>/change/{tail}" if not tail else f"<int:object_id>/{tail}",
            self.admin_site.admin_view(door(screen, *methods)),
            name=f"meetings_meeting_{name}",
        )


def overview(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """One meeting: what is ready, what was done, who answered, what can be done with it."""
    now = clock.now()
    answers = queries.answers(meeting)
    return page(
        request,
        "overview",
        meeting,
        title=wording.long_date(meeting.starts_at),
        place=queries.place_of(meeting),
        tasks=_tasks(meeting, now),
        answers=answers,
        kept=[
            (starts_at, _said(said)) for starts_at, said in sorted((answers.kept or {}).items(), reverse=True)
        ],
        delivery=queries.delivery(queries.newest_entry(meeting)),
        entries=_history(meeting, now),
        is_open=not meeting.cancelled_at and meeting.starts_at > now,
        is_over=meeting.ends_at <= now,
        can_cancel=not meeting.cancelled_at and meeting.ends_at > now,
        can_put_back=bool(meeting.cancelled_at) and meeting.starts_at > now,
    )


def _said(said: dict[str, int]) -> str:
    return ", ".join(f"{said[choice]:,} {choice}" for choice in ("yes", "maybe", "no") if said.get(choice))


def _tasks(meeting: Meeting, now: datetime) -> list[dict[str, str]]:
    lacks = [name for name in ("theme", "agenda") if not getattr(meeting, name)]
    words = {"label": "Theme and agenda", "url": _url("words", meeting)}
    words |= {"state": f"No {' and no '.join(lacks)} yet" if lacks else "Done"}
    words |= {"kind": "warning" if "theme" in lacks else "info" if lacks else "done"}
    shut = meeting.cancelled_at is not None or meeting.ends_at <= now
    link = {"label": "Joining link", "url": "" if shut else _url("link", meeting)}
    link |= (
        {"state": "Done", "kind": "done"} if meeting.join_url else {"state": "No link yet", "kind": "warning"}
    )
    state, kind = _invitation_state(meeting, now)
    invitation = {"label": "Invitation", "url": _url("preview", meeting), "state": state, "kind": kind}
    state, kind = _reminder_state(meeting, now)
    return [words, link, invitation, {"label": "Reminder", "url": "", "state": state, "kind": kind}]


def _url(screen: str, meeting: Meeting) -> str:
    return reverse(f"admin:meetings_meeting_{screen}", args=[meeting.pk])


_LEAVES = {"send": "Leaves", "put_back": "Leaves", "cancel": "Cancellation leaves"}


def _invitation_state(meeting: Meeting, now: datetime) -> tuple[str, str]:
    entry = queries.newest_entry(meeting)
    if entry.settles_at and now < entry.settles_at and queries.told_by(entry):
        return f"{_LEAVES.get(entry.act, 'Change leaves')} {wording.clock_time(entry.settles_at)}", "warning"
    if meeting.cancelled_at:
        return "Cancelled", "error"
    tally = queries.delivery(entry)
    if tally.waiting:
        return f"Sending: {tally.sent:,} of {tally.total:,}", "warning"
    if tally.total:
        return f"Sent to {wording.count(tally.sent, 'person', 'people')}", "done"
    if meeting.starts_at <= now:
        return "Nobody was invited", ""
    if meeting.invite_at is None:
        return "No day set", "warning"
    if meeting.invite_at <= now:
        return "On its way", "warning"
    return f"Goes {wording.short_moment(meeting.invite_at)}", "info"


def _reminder_state(meeting: Meeting, now: datetime) -> tuple[str, str]:
    goes_at = reminders.moment(meeting.starts_at)
    reminded = queries.reminded(meeting)
    if reminded.waiting:
        return f"Sending: {reminded.sent:,} of {reminded.total:,}", "warning"
    if reminded.total:
        return f"Sent to {wording.count(reminded.sent, 'person', 'people')}", "done"
    if meeting.cancelled_at or goes_at <= now:
        return "None went", ""
    return f"Goes {wording.short_moment(goes_at)}", "info"


def _history(meeting: Meeting, now: datetime) -> list[dict[str, str]]:
    rows = list(AuditEntry.objects.about(f"meeting:{meeting.pk}")[:HISTORY_SHOWN])
    notes = _notes(rows, now)
    done = queries.done(rows)
    names = dict(
        Person.objects.filter(pk__in={one.by_id for one in done if one.by_id}).values_list("pk", "name")
    )
    return [
        {
            "when": wording.lately(one.at, now),
            "words": f"{names.get(one.by_id or 0, '')} {one.words}".strip(),
            "note": notes.get(one.at, ""),
        }
        for one in done
    ]


def _notes(rows: list[AuditEntry], now: datetime) -> dict[datetime, str]:
    """What became of acts, newest first, by their moment: undone, or with messages that have not left."""
    notes, undone = {}, 0
    for row in rows:
        settles_at = row.facts.get("settles_at")
        if row.verb == "meetings.undone":
            undone += 1
        elif settles_at and undone:
            undone -= 1
            notes[row.at] = "Undone."
        elif settles_at and row.facts.get("told") and datetime.fromisoformat(settles_at) > now:
            notes[row.at] = "Waiting to go."
    return notes
