"""What is promised when clocks change or jump, and when everything comes by twice."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from zoneinfo import ZoneInfo

import pytest

from tests.services.house import House

type Report = Callable[..., None]

LONDON = ZoneInfo("Europe/London")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AUTUMN, SPRING = date(2026, 10, 25), date(2027, 3, 28)
STARTS = {
    AUTUMN: [time(0, 30), time(1, 30), time(1, 30, fold=1), time(2, 30), time(16)],
    SPRING: [time(0, 30), time(2, 30), time(16)],
}
# Two working days before; Good Friday of 2027 is none.
REMINDED = {
    AUTUMN: datetime(2026, 10, 22, 9, tzinfo=LONDON).astimezone(UTC),
    SPRING: datetime(2027, 3, 24, 9, tzinfo=LONDON).astimezone(UTC),
}
_TICK = """
import json
from datetime import datetime
from django.conf import settings
from forum.kit.clock import Anchor
from forum.outbox import tasks as outbox
from forum.outbox.models import Message
from meetings import tasks

def tick(shows):
    settings.CLOCK = Anchor(shows=shows, at=clock.real())
    tasks.reconcile()
    outbox.sweep()
    outbox.drain()
"""
_SET_UP = """
crowd(1)
starts = [datetime.fromisoformat(one) for one in {starts}]
plans = [
    actions.PlannedMeeting(starts_at=one, ends_at=one + timedelta(minutes=20), invite_at=one - timedelta(days=21))
    for one in starts
]
settings.CLOCK = Anchor(shows=starts[0] - timedelta(days=40), at=clock.real())
actions.set_up_year(plans, of_list=make.forum_list(), by=None)
tick(starts[-1] - timedelta(days=20))
"""
_LIVE = """
for shows in {steps}:
    tick(datetime.fromisoformat(shows))
rows = Message.objects.filter(mailing__kind="reminder").order_by("expires_at")
print(json.dumps([[one.expires_at.isoformat(), one.state, one.dated_at.isoformat()] for one in rows]))
"""


def moments(sunday: date) -> list[datetime]:
    """When the meetings of that Sunday start."""
    return sorted(datetime.combine(sunday, at, LONDON).astimezone(UTC) for at in STARTS[sunday])


def minutes(day: date, first: time, number: int) -> list[datetime]:
    """So many minutes one after the other, as they really pass."""
    start = datetime.combine(day, first, LONDON).astimezone(UTC)
    return [start + count * MINUTE for count in range(number)]


def set_up(house: House, sunday: date) -> None:
    """One person, invited to all of that Sunday's meetings."""
    house.run(_TICK + _SET_UP.replace("{starts}", str([one.isoformat() for one in moments(sunday)])))


def live(house: House, steps: list[datetime]) -> list[tuple[datetime, str, datetime]]:
    """Lives through these moments; of each reminder the meeting's start, how it stands, and when it was written."""
    said = house.run(_TICK + _LIVE.replace("{steps}", str([step.isoformat() for step in steps])))
    rows = json.loads(said.strip().splitlines()[-1])
    return [(datetime.fromisoformat(start), state, datetime.fromisoformat(at)) for start, state, at in rows]


def in_calendars(house: House) -> list[datetime]:
    """The starts that the invitations put into calendars, as the relay took them."""
    found = []
    for mail in house.sink.accepted:
        for part in message_from_bytes(mail.content).walk():
            if part.get_content_type() == "text/calendar":
                text = bytes(part.get_payload(decode=True) or b"").decode()
                event = text[text.index("BEGIN:VEVENT") :]
                written = re.search(r"DTSTART(;TZID=Europe/London)?:(\d{8}T\d{6})(Z?)", event)
                assert written and bool(written[1]) != bool(written[3])
                zone = LONDON if written[1] else UTC
                found.append(
                    datetime.strptime(written[2], "%Y%m%dT%H%M%S").replace(tzinfo=zone).astimezone(UTC)
                )
    return sorted(found)


@pytest.mark.parametrize("sunday", [AUTUMN, SPRING], ids=["back", "forward"])
def test_f8_clocks_change_and_jump(sunday: date, house: House, report: Report):
    """Each reminder goes once, at nine in London, though the portal's clock jumps an hour on and back."""
    nine = REMINDED[sunday]
    set_up(house, sunday)
    steps = [nine - MINUTE, nine, nine + HOUR, nine - HOUR, nine + MINUTE, *minutes(sunday, time(0), 60)[::5]]
    reminders = live(house, steps)
    off = max(abs(written - nine) for _, _, written in reminders)
    per_meeting = {start: sum(one == start for one, _, _ in reminders) for start, _, _ in reminders}
    report(
        f"F8 clocks go {'back' if sunday == AUTUMN else 'forward'}",
        house.figures(),
        bound=0,
        reminders_per_meeting=max(per_meeting.values()),
        minutes_off=round(off / MINUTE),
    )
    assert per_meeting == dict.fromkeys(moments(sunday), 1)
    assert {state for _, state, _ in reminders} == {"sent"}
    assert off < MINUTE / 2
    assert in_calendars(house) == moments(sunday)


@pytest.mark.parametrize("sunday", [AUTUMN, SPRING], ids=["back", "forward"])
def test_f8_the_relay_comes_back_in_the_night_of_the_change(sunday: date, house: House, report: Report):
    """What could not leave at nine leaves on Sunday, unless the meeting has begun by then."""
    night = minutes(sunday, time(0), 241)
    back = datetime.combine(sunday, time(0, 40), LONDON).astimezone(UTC)
    set_up(house, sunday)
    house.sink.fail("refuse")
    away = live(house, [REMINDED[sunday], *[step for step in night if step < back][::10]])
    house.sink.ok()
    there = live(house, [step for step in night if step >= back][::3])
    report(
        f"F8 relay back at {back.astimezone(LONDON):%H:%M}",
        house.figures(),
        bound=0,
        reminders=" ".join(state for _, state, _ in there),
    )
    begun = {start for start in moments(sunday) if start < back}
    expected = [(start, "expired" if start in begun else "queued") for start in moments(sunday)]
    assert [(start, state) for start, state, _ in away] == expected
    assert [(start, state) for start, state, _ in there] == [
        (start, state.replace("queued", "sent")) for start, state in expected
    ]


def test_f9_everything_twice(house: House, report: Report):
    """Two clockworks, and eight commands at once, all meaning the same letters."""
    house.post(60)
    house.sink.slow = 0.005
    house.workers(2)
    for number in (1, 2):
        house.start(
            ["-c", _BEAT.replace("{schedule}", str(house.folder / f"beat{number}.db"))], log=f"beat{number}"
        )
    commands = [["manage.py", "reconcile"], ["manage.py", "deliver", "--until-empty"]] * 4
    running = [house.start(command, log=f"tick{number}") for number, command in enumerate(commands)]
    for _ in range(4):
        house.ring()
        house.ring("meetings.tasks.reconcile")
        house.ring("meetings.tasks.reconcile")
    ends = [child.wait(90) for child in running]
    for number in (1, 2):
        log = house.folder / f"beat{number}.log"
        house.wait_for(lambda: log.read_text().count("Sending due task") > 5, 20)  # noqa: B023
    house.settle()
    logs = [f"tick{number}" for number in range(8)] + ["worker", "beat1", "beat2"]
    said = "".join((house.folder / f"{name}.log").read_text() for name in logs)
    report("F9 two beats, eight ticks", house.figures(), bound=0, commands_failed=sum(map(bool, ends)))
    assert ends == [0] * 8 and "Traceback" not in said and "UniqueViolation" not in said
    assert house.states() == {"sent": 60}


_BEAT = """
from celery.apps.beat import Beat
from forum.celery import app
app.conf.beat_schedule = {name: entry | {"schedule": 0.5} for name, entry in app.conf.beat_schedule.items()}
Beat(app=app, schedule="{schedule}", loglevel="INFO").run()
"""
