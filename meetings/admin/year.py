"""«Set up a year»: paste, check, create. Nothing is saved before the last press, and nobody is mailed by it."""

from collections import Counter
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
from meetings.forms.years import CheckedYear, YearForm, check_year, decisions_in


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
    if checked.reading.problem:
        form.add_error("dates", checked.reading.problem)
        return _paste(request, form)
    if "create" in request.POST and (checked.ready or _nothing_new(checked)):
        return _create(request, checked)
    if "create_rest" in request.POST and checked.new and not checked.reading.asks_year:
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
    return check_year(reading, there=there(), answers=answers, now=clock.now(), asked=asked)


def there() -> Counter[date]:
    """How many meetings the Forum has on each day."""
    return queries.days_taken(queries.forum_list())


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
    words = f"{wording.count(number, 'meeting')} created. No one has been emailed."
    first, now = checked.first_invitation, clock.now()
    if first and first > now:
        return f"{words} Invitations start on {wording.long_day(first)}."
    if first:
        return f"{words} The invitations that you chose to send now leave in two minutes."
    return f"{words} No invitation day is set."


def _show(request: HttpRequest, form: YearForm, checked: CheckedYear) -> HttpResponse:
    errors = [
        {
            "message": f"Row {one.row.number}: {one.trouble or one.row.message}",
            "href": f"#{'invite' if one.trouble else 'row'}-{one.row.number}-0",
        }
        for one in checked.asking
    ]
    number = len(errors)
    return page(
        request,
        "year_check",
        None,
        title="Check these dates",
        form=form,
        checked=checked,
        errors=errors,
        summary_title=f"There is a problem: {wording.count(number, 'row needs', 'rows need')} a decision",
        people=queries.audience(queries.forum_list(), clock.now()).people,
        times=wording.time_range(form.cleaned_data["default_start"], form.cleaned_data["default_end"]),
    )
