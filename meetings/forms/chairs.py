"""What chairs type about one meeting, made clean."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from crispy_forms.layout import Field, Fieldset
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from forum.forms import PlainForm
from forum.kit import characters, clock, wording
from meetings import dates
from meetings.models import Meeting

_TEXT = {"autocomplete": "off"}
_TIMES = "Enter both times, like 1:00pm and 2:30pm"
_WHEN = "Choose when its invitations go"
_LINK = "Paste the whole link; it begins with https://"
_LINK_ALONE = "Paste the link alone, without anything before or after it"
_NO_LINK_HAS = frozenset('"<>\\`{}|^')
_FRIDAY = 4


class _OneLineField(forms.CharField):
    """Text that has one line: what was pasted with line breaks is joined by spaces."""

    def to_python(self, value: Any) -> str:
        """The text on one line; what cannot be seen stays, to be refused."""
        return " ".join(re.split(r"[ \t\r\n]+", super().to_python(value) or "")).strip()


class WordsForm(PlainForm):
    """Theme and agenda."""

    theme = _OneLineField(
        label="Theme",
        required=False,
        max_length=200,
        validators=[characters.ONE_LINE],
        help_text="At most 200 characters",
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"max_length": "Shorten the theme to 200 characters"},
    )
    agenda = forms.CharField(
        label="Agenda",
        required=False,
        max_length=4000,
        validators=[characters.LINES],
        help_text="One line for each part, with its time first: 10:00am Welcome",
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"max_length": "Shorten the agenda to 4,000 characters"},
    )
    layout = (Field("theme", wrapper_class="full narrow"), "agenda")

    def clean_agenda(self) -> str:
        """The agenda with plain line ends."""
        return "\n".join(line.rstrip() for line in str(self.cleaned_data["agenda"]).strip().splitlines())


_is_address = URLValidator(schemes=["https"], message=_LINK)


def _check_link(value: str) -> None:
    """Refuses all but one plain https link, with one sentence.

    Errors: ValidationError.
    """
    if _NO_LINK_HAS & set(value) or any(char.isspace() for char in value) or "@" in urlsplit(value).netloc:
        raise ValidationError(_LINK_ALONE)
    _is_address(value)
    characters.ONE_LINE(value)


class _LinkField(forms.URLField):
    default_validators = [_check_link]  # noqa: RUF012  # Django's own name and shape


class LinkForm(PlainForm):
    """The joining link as Zoom gives it."""

    join_url = _LinkField(
        label="Joining link",
        max_length=500,
        assume_scheme="https",
        widget=forms.TextInput(attrs=_TEXT | {"inputmode": "url"}),
        error_messages={
            "required": "Paste the joining link",
            "invalid": _LINK,
            "max_length": "This link is too long: check that only the link was pasted",
        },
    )
    join_id = forms.CharField(
        label="Meeting ID",
        required=False,
        max_length=40,
        validators=[characters.ONE_LINE],
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"max_length": "Shorten the meeting ID to 40 characters"},
    )
    passcode = forms.CharField(
        label="Passcode",
        required=False,
        max_length=40,
        validators=[characters.ONE_LINE],
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"max_length": "Shorten the passcode to 40 characters"},
    )
    layout = (
        Field("join_url", wrapper_class="full narrow"),
        Field("join_id", "passcode", wrapper_class="width-20"),
    )


class DayForm(PlainForm):
    """A day typed in any usual form. Shape: `today` is London's day, `example` the next Friday as people write it."""

    day = forms.CharField(
        label="Day",
        max_length=80,
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"required": "Enter the day"},
    )

    def __init__(self, *args: Any, meeting: Meeting, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting = meeting
        self.today = today
        friday = today + timedelta(days=(_FRIDAY - today.weekday() - 1) % 7 + 1)
        self.example = wording.day_month(friday)
        self.which_day = f"Enter the day, like {self.example}"
        day = self.fields["day"]
        day.help_text = f"For example: {self.example}"
        day.error_messages |= {"required": self.which_day, "max_length": self.which_day}

    def read(self, text: str) -> dates.Row | None:
        """The one day in a text, if there is one without a question that only its writer can answer."""
        decisions: dict[int, dates.Decision] = {}
        for _ in range(3):
            reading = dates.read_dates(
                text,
                today=self.today,
                year=self.meeting.year,
                default_start=clock.london(self.meeting.starts_at).time(),
                default_end=clock.london(self.meeting.ends_at).time(),
                decisions=decisions,
            )
            if len(reading.rows) != 1 or reading.problem:
                return None
            row = reading.rows[0]
            keep = next((choice.key for choice in row.choices if choice.key.startswith("keep")), None)
            if row.fault == dates.Fault.OUTSIDE:
                keep = row.choices[-1].key  # another school year, with its year typed
            if row.state != dates.State.FAULT or keep is None:
                return row
            decisions = {row.number: dates.Decision(key=keep)}
        return row


class MoveForm(DayForm):
    """Another day and time for a meeting."""

    starts = forms.CharField(
        label="Starts",
        help_text="London time, for example: 1:00pm",
        max_length=20,
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"required": "Enter when it starts, like 10:00am", "max_length": _TIMES},
    )
    ends = forms.CharField(
        label="Ends",
        max_length=20,
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"required": "Enter when it ends, like 11:30am", "max_length": _TIMES},
    )
    layout = (Field("day", wrapper_class="width-20"), Field("starts", "ends", wrapper_class="width-10"))

    def clean(self) -> dict[str, Any]:
        """Adds `starts_at`, and `time` as start and end, aware, from London's wall clock."""
        data = super().clean() or {}
        if self.errors:
            return data
        alone = self.read(data["day"])
        row = self.read(f"{data['day']}, {data['starts']} to {data['ends']}")
        if alone is None or row is None or dates.State.LEFT_OUT in (alone.state, row.state):
            self.add_error("day", f"Enter one day, like {self.example}")
        elif alone.own_times:
            self.add_error("day", "Enter the day alone, and its times in the boxes below")
        elif row.starts_at is None or row.ends_at is None:
            self.add_error("starts" if row.fault == dates.Fault.TIMES else "day", _trouble(row))
        elif not row.own_times:
            self.add_error("starts", _TIMES)
        else:
            data |= {"starts_at": row.starts_at, "time": (row.starts_at, row.ends_at)}
        return data


class CancelForm(PlainForm):
    """Why a meeting is off."""

    reason = _OneLineField(
        label="Reason",
        max_length=200,
        validators=[characters.ONE_LINE],
        help_text="People read this in the message and on the site. At most 200 characters",
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={
            "required": "Give the reason in a few words: people will ask",
            "max_length": "Shorten the reason to 200 characters",
        },
    )
    layout = (Field("reason", wrapper_class="full narrow"),)


class TellForm(PlainForm):
    """Whether the list hears of a date that nobody is invited to yet; off unless a chair says so."""

    tell_list = forms.BooleanField(required=False)
    layout = (Fieldset("Tell the list?", "tell_list", css_class="above-24"),)

    def __init__(self, *args: Any, people: int, subject: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tell = self.fields["tell_list"]
        tell.label = f"Send {wording.count(people, 'person', 'people')} a short message now"
        tell.help_text = f"Nobody is invited yet, so most need not know. The message is headed ‘{subject}’."


class InviteForm(DayForm):
    """When a meeting's invitations go, where their usual day has passed or a chair wants another."""

    NOW, ON, LEAVE = "now", "on", "leave"

    when = forms.ChoiceField(
        label="When do its invitations go?",
        widget=forms.RadioSelect,
        choices=(),
        error_messages={"required": _WHEN, "invalid_choice": _WHEN},
    )
    field_order = ("when", "day")
    layout = ("when", Field("day", wrapper_class="width-20"))

    def __init__(
        self, *args: Any, people: int, starts_at: datetime, allow_now: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.starts_at = starts_at
        choices = [
            (self.ON, "On the day below, 9:00am"),
            (self.LEAVE, "Leave it: nobody is invited until a chair says so"),
        ]
        if allow_now:
            choices.insert(0, (self.NOW, f"Invite {wording.count(people, 'person', 'people')} now"))
        self.fields["when"].choices = choices  # type: ignore[attr-defined]
        self.fields["day"].required = False  # asked for with one of the choices alone

    def clean(self) -> dict[str, Any]:
        """Adds `invite_at`: a moment, or nothing when it is left; for «now» the present moment."""
        data = super().clean() or {}
        if self.errors:
            return data
        now = clock.now()
        if data["when"] == self.ON:
            row = self.read(str(data["day"]))
            moment = dates.invitation_moment(row.date) if row and row.date and not _asks(row) else None
            if moment is None:
                self.add_error("day", _trouble(row) if row and row.message else self.which_day)
            elif why := _no_working_day(clock.london(moment).date()):
                self.add_error("day", f"{why}: choose a working day")
            elif moment <= now or clock.london(moment).date() >= clock.london(self.starts_at).date():
                self.add_error("day", "Choose a day from tomorrow on and before the meeting")
            data["invite_at"] = moment
        else:
            data["invite_at"] = now if data["when"] == self.NOW else None
        return data


def _no_working_day(day: date) -> str:
    """Why nobody works on a day, in words; empty for a working day."""
    holiday = dates.bank_holiday(day)
    if holiday:
        return f"{wording.day_month(day)} is a bank holiday, {holiday}"
    if not dates.is_working_day(day):
        return f"{wording.day_number_month(day)} is a {wording.weekday(day)}"
    return ""


def _asks(row: dates.Row) -> bool:
    return row.state in (dates.State.FAULT, dates.State.LEFT_OUT)


def _trouble(row: dates.Row) -> str:
    """What is wrong with one typed day, and what to do; a list's advice to leave a line out does not fit here."""
    if row.fault == dates.Fault.WEEKDAY:
        return row.sentence
    if row.fault == dates.Fault.TIMES:
        return f"{row.message}. {_TIMES}"
    return f"{row.message}. Enter the day you mean"
