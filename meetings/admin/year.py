"""«Set up a year»: paste, check, create. Nothing is saved before the last press, and nobody is mailed by it."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from forum.kit import clock, wording
from meetings import actions, dates, queries
from meetings.admin.doors import page, person
from meetings.forms.years import CheckedYear, WhichYearForm, YearForm, check_year, decisions_in


@require_http_methods(["GET", "HEAD", "POST"])
def set_up_year(request: HttpRequest) -> HttpResponse:
    """The two screens of setting up a year."""
    if not request.user.has_perm("meetings.change_meeting"):
        raise PermissionDenied("Only the chair and the deputies set up a year.")
    today = clock.london(clock.now()).date()
    form = YearForm(request.POST or None, today=today)
    if request.method != "POST" or "change" in request.POST or not form.is_valid():
        return _paste(request, form)
    checked = _check(request, form, today)
    problem = checked.reading.problem or (
        "" if checked.dated else "There is no date in this list: paste one on each line"
    )
    if problem:
        form.add_error("dates", problem)
        return _paste(request, form)
    if _is_confirmed(request, checked):
        return _create(request, checked)
    return _show(request, form, checked)


def _paste(request: HttpRequest, form: YearForm) -> HttpResponse:
    return page(request, "year_paste", None, title="Set up a year", form=form)


def _check(request: HttpRequest, form: YearForm, today: date) -> CheckedYear:
    data = form.cleaned_data
    answers = {name: str(value) for name, value in request.POST.items()}
    reading = dates.read_dates(
        data["dates"],
        today=today,
        year=data["year"],
        default_start=data["default_start"],
        default_end=data["default_end"],
        decisions=decisions_in(answers),
    )
    asked = any(name in request.POST for name in ("again", "create"))
    return check_year(
        reading,
        there=queries.days_taken(queries.forum_list()),
        moved=queries.days_moved(queries.forum_list()),
        answers=answers,
        now=clock.now(),
        asked=asked,
    )


def _is_confirmed(request: HttpRequest, checked: CheckedYear) -> bool:
    """Whether the pressed button said what would be done now: so many meetings, so many invited at once."""
    shown = f"{len(checked.new)}.{len(checked.inviting_now)}"
    if request.POST.get("create") == shown:
        return checked.ready
    if request.POST.get("create_rest") == shown:
        return bool(checked.new) and not checked.reading.asks_year
    return "create" in request.POST and _nothing_new(checked)


def _nothing_new(checked: CheckedYear) -> bool:
    return not checked.new and not checked.asking and checked.already > 0


def _create(request: HttpRequest, checked: CheckedYear) -> HttpResponse:
    made = actions.set_up_year(
        [row.planned() for row in checked.new], of_list=queries.forum_list(), by=person(request)
    )
    if made:
        messages.success(request, _told(checked, len(made)))
    else:
        number = checked.already
        messages.info(request, f"{number} of {number} are already set up. Nothing was changed.")
    year = checked.reading.year
    return redirect(
        f"{reverse('admin:meetings_meeting_changelist')}?year__exact={year}" if year else "admin:index"
    )


def _told(checked: CheckedYear, number: int) -> str:
    words = f"{wording.count(number, 'meeting')} created."
    first = checked.first_invitation
    if checked.inviting_now:
        days = wording.listed(
            [wording.day_number_month(row.row.date) for row in checked.inviting_now if row.row.date]
        )
        return f"{words} The invitations for {days} leave in two minutes; until then you can undo them."
    if first:
        return f"{words} No one has been emailed. Invitations start on {wording.long_day(first)}."
    return f"{words} No one has been emailed. No invitation day is set."


def _show(request: HttpRequest, form: YearForm, checked: CheckedYear) -> HttpResponse:
    if checked.reading.asks_year:
        which = WhichYearForm({}, candidates=checked.reading.candidates)
        errors = [{"message": str(words), "href": "#id_year_0"} for words in which.errors["year"]]
        return _show_with(request, form, checked, errors, which)
    errors = [
        {
            "message": f"Row {one.row.number}: {one.trouble or one.row.message}",
            "href": f"#{'invite' if one.trouble else 'row'}-{one.row.number}-0",
        }
        for one in checked.asking
    ]
    return _show_with(request, form, checked, errors)


def _show_with(
    request: HttpRequest,
    form: YearForm,
    checked: CheckedYear,
    errors: list[dict[str, str]],
    which: WhichYearForm | None = None,
) -> HttpResponse:
    rows = wording.count(len(errors), "row needs", "rows need")
    people = queries.audience(queries.forum_list(), clock.now()).people
    return page(
        request,
        "year_check",
        None,
        title="Check these dates",
        form=form,
        which=which,
        checked=checked,
        errors=errors,
        summary_title="There is a problem"
        if checked.reading.asks_year
        else f"There is a problem: {rows} a decision",
        people=people,
        confirms=f"{len(checked.new)}.{len(checked.inviting_now)}",
        invites=_invites(checked, people),
        times=wording.time_range(form.cleaned_data["default_start"], form.cleaned_data["default_end"]),
    )


def _invites(checked: CheckedYear, people: int) -> str:
    """What the button adds when invitations go at once: «and invite 428 people to 6 November»."""
    days = wording.listed(
        [wording.day_number_month(row.row.date) for row in checked.inviting_now if row.row.date]
    )
    return f" and invite {wording.count(people, 'person', 'people')} to {days}" if days else ""
