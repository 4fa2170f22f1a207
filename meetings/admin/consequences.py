"""«What happens when you press the button»: the lines that a screen shows before anything is done."""

from datetime import datetime

from forum.kit import wording
from meetings import queries, reminders
from meetings.models import Meeting

type Rows = list[dict[str, str]]


def of_move(
    meeting: Meeting,
    time: tuple[datetime, datetime],
    *,
    told: int,
    subject: str,
    invited: bool,
    planned: datetime | None,
    asks: bool,
) -> Rows:
    """What a move does: to people, answers, invitation day, website; and what speaks against it."""
    rows = []
    if told:
        rows.append(_told(told, subject, "The entry in their calendar moves; no second one appears."))
        rows += _answers(meeting)
    elif invited:
        rows.append(_row("People", "The invitations are about to leave. They will carry the new time."))
    else:
        rows.append(_row("People", "Nobody has this in their calendar yet, so nobody needs to be told."))
        rows.append(_row("Invitations", _invitation_day(meeting, planned, asks)))
    rows.append(
        _row("Reminder", f"Goes {wording.short_moment(reminders.moment(time[0]))}, if that is still to come.")
    )
    first = meeting.moved_from or meeting.starts_at
    marked = "back at its first time" if first == time[0] else "marked ‘Changed’ with the old date"
    rows.append(_row("Website", f"Changes at once, {marked}."))
    clashes = queries.clashes(meeting, *time)
    rows.append(
        _row(
            "Clashes", ". ".join(clashes) + "." if clashes else "None with another meeting or a bank holiday."
        )
    )
    return rows


def of_link(*, told: int, subject: str) -> Rows:
    """What another joining link does."""
    return [
        _told(told, subject, "The entry in their calendar gets this link; no second one appears."),
        _row("Answers", "All answers are kept."),
        _row("Website", "Members see the new link at once. Visitors never see one."),
    ]


def of_cancelling(meeting: Meeting, *, told: int, subject: str) -> Rows:
    """What calling a meeting off does."""
    if told:
        rows = [_told(told, subject, "with your reason. The entry leaves their calendar.")]
        rows += _kept_answers(meeting)
    else:
        rows = [_row("People", "Nobody has this in their calendar, so nobody needs to be told.")]
    later = queries.following(meeting)
    beside = f" with the next date, {wording.day_month(later.starts_at)}, beside it" if later else ""
    rows.append(_row("Website", f"The page stays, marked ‘Cancelled’{beside}."))
    return rows


def of_putting_back(meeting: Meeting, *, undoes: bool, people: int, subject: str) -> Rows:
    """What putting a cancelled meeting back on does."""
    if undoes:
        rows = [_row("People", "The cancellation has not left yet: it is undone, and nobody is told.")]
    elif people:
        rows = [
            _told(
                people,
                subject,
                "It is a fresh invitation with an entry of its own; the cancelled one is not revived.",
            )
        ]
    elif meeting.invite_at:
        when = wording.short_moment(meeting.invite_at)
        rows = [_row("People", f"Nobody is told now. Its invitations go on {when}.")]
    else:
        rows = [_row("People", "Nobody is told now, and no day is set for its invitations.")]
    return [*rows, _row("Website", "Changes at once: the meeting is on again.")]


def _row(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value}


def _told(number: int, subject: str, then: str) -> dict[str, str]:
    people = wording.count(number, "person", "people")
    who = "They get" if number == 1 else "Each gets"
    stop = " " if then[0].islower() else ". "
    return _row(people, f"{who} one message, ‘{subject}’{stop}{then}")


def _answers(meeting: Meeting) -> Rows:
    answers = queries.answers(meeting)
    rows = []
    if answers.yes:
        rows.append(
            _row(
                f"{answers.yes:,} said yes", "They are asked again. Their old answer is kept in the history."
            )
        )
    if answers.maybe:
        rows.append(_row(f"{answers.maybe:,} said maybe", "They are asked again."))
    if answers.no:
        rows.append(_row(f"{answers.no:,} said no", "They are told too: the new time may suit."))
    return rows


def _kept_answers(meeting: Meeting) -> Rows:
    answers = queries.answers(meeting)
    if not answers.given:
        return []
    return [_row(wording.count(answers.given, "answer"), "Kept in the history.")]


def _invitation_day(meeting: Meeting, planned: datetime | None, asks: bool) -> str:
    if planned is None or meeting.invite_at is None:
        return "Still wait until a chair says so."
    if asks:
        return f"The usual day for the new date, {wording.day_month(planned)}, has passed. Say below when they go."
    if meeting.invite_at == planned:
        return f"Still go on {wording.short_moment(planned)}."
    return f"Move from {wording.short_date(meeting.invite_at)} to {wording.short_moment(planned)}."
