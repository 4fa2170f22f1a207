"""The demo's content comes whole into an empty database, as if the months before it had happened."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from communities.models import Community
from forum.demo import content, crowd, loading
from forum.kit import clock, tokens
from forum.outbox import build
from forum.outbox.models import Mailing, Message
from meetings import invitations, letters, queries, tasks
from meetings.invitations import Tally
from meetings.models import Answer, CalendarEntry, Invitation, Meeting, Revision
from members.models import MailingList, Person, Subscription, Trust, TrustRole
from publications.models import Guide, NewsItem
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db

DEMO: dict[str, Any] = json.loads(
    (Path(content.__file__).parent / "demo_content.json").read_text(encoding="utf-8")
)
ON_THE_LIST = [
    row
    for row in DEMO["people"]
    if row["role"] not in ("awaiting approval", "visitor only", "left the trust")
]


@pytest.fixture(autouse=True)
def broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is woken: the rows alone are looked at."""
    monkeypatch.setattr("forum.outbox.post.wake", lambda: None)


def test_counts_are_those_of_the_content() -> None:
    loaded = loading.load(clock.now())
    assert loaded.people == Person.objects.count() == len(DEMO["people"]) - 1
    assert loaded.trusts == Trust.objects.count() == len(DEMO["trusts"]) + len(DEMO["office_trusts"]) == 15
    assert loaded.meetings == Meeting.objects.count() == len(DEMO["meetings"]) == 11
    assert Community.objects.count() == len(DEMO["communities"]) == 3
    assert MailingList.objects.count() == 4
    assert Guide.objects.get().title == DEMO["guide"]["title"]
    assert Subscription.objects.filter(list__slug="forum", ended_at=None).count() == len(ON_THE_LIST)
    assert not Person.objects.exclude(email__endswith=".example").exists()


def test_the_news_is_there_on_its_day(portal_clock: Hand) -> None:
    loading.load(clock.now())
    assert NewsItem.objects.count() == len(DEMO["news"]) == 7
    assert NewsItem.objects.on_site(date(2025, 10, 20)).count() == 7
    assert NewsItem.objects.on_site(date(2025, 7, 7)).count() == 3
    assert NewsItem.objects.get(source_outlet="Tes").slug == "writing-in-tes-on-collective-expertise"


def test_chairs_may_open_the_admin_and_nobody_else() -> None:
    loading.load(clock.now())
    found = Person.objects.filter(is_staff=True).order_by("email").values_list("name", "office", "is_demo")
    assert list(found) == [
        ("Tracy Goodyear", "chair", False),
        ("Sam Gibbs", "deputy", False),
        ("Dr Chris Baker", "deputy", False),
    ]
    assert set(Subscription.objects.filter(person__is_staff=True).values_list("basis", flat=True)) == {
        "office"
    }


def test_everybody_stands_where_their_role_says() -> None:
    loading.load(clock.now())
    imran = Subscription.objects.get(person__name="Imran Qureshi")
    assert (imran.basis, imran.added_by and imran.added_by.name) == ("added", "Helen Stopford")
    assert imran.started_at == make.london("2025-09-03 09:00")
    harriet = Person.objects.get(name="Harriet Fox-Lyle")
    assert harriet.roles.get().ended_at is not None
    assert harriet.subscriptions.get().ended_at == harriet.roles.get().ended_at
    peter = Person.objects.get(name="Peter Ansell")
    assert (peter.roles.count(), peter.subscriptions.count()) == (0, 0)
    assert not Person.objects.filter(name="Mina Katsaros").exists()
    leads = TrustRole.objects.filter(kind="lead", ended_at=None)
    assert set(Trust.objects.values_list("pk", flat=True)) == set(leads.values_list("trust_id", flat=True))
    assert not Subscription.objects.filter(from_at__isnull=False).exists()
    for community in Community.objects.all():
        on_list = Person.objects.filter(subscriptions__list=community.list)
        assert set(on_list) == set(community.facilitators.all())


def test_the_year_is_dated_and_worded_as_the_content_says() -> None:
    loading.load(clock.now())
    meetings = list(Meeting.objects.order_by("starts_at"))
    for meeting, row in zip(meetings, DEMO["meetings"], strict=True):
        revision = Revision.objects.get(entry__meeting=meeting)
        assert meeting.starts_at == make.london(f"{row['date']} {row['start']}")
        assert meeting.ends_at == make.london(f"{row['date']} {row['end']}")
        assert (meeting.theme, meeting.join_url) == (row["theme"], row.get("join_url", ""))
        assert meeting.agenda.splitlines() == row.get("agenda", [])
        assert queries.content_of(meeting) == queries.content_of(revision)
    days = [clock.london(meeting.invite_at).date().isoformat() for meeting in meetings if meeting.invite_at]
    assert days[:4] == ["2025-09-01", "2025-09-17", "2025-10-16", "2025-11-11"]
    assert CalendarEntry.objects.filter(revised_at=make.london("2025-07-08 09:00")).count() == 11


def test_what_is_past_counts_as_sent_and_the_next_meeting_is_left_to_the_outbox() -> None:
    loaded = loading.load(clock.now())
    sent = Message.objects.filter(state="sent").exclude(mailing__kind="reminder")
    assert loaded.letters == Message.objects.filter(state="sent").count() == Message.objects.count()
    assert sent.count() == 2 * (len(ON_THE_LIST) + 1)
    first, second, third = Meeting.objects.order_by("starts_at")[:3]
    for meeting in (first, second):
        rows = Invitation.objects.filter(entry__meeting=meeting)
        assert rows.count() == len(ON_THE_LIST) + 1
        assert set(rows.values_list("letters", "revision", "sequence")) == {(1, 1, 0)}
    assert not Invitation.objects.filter(entry__meeting=third).exists()
    early = sent.get(person_id=Person.objects.get(office="chair").pk, about=f"entry:{first.entries.get().pk}")
    late = sent.get(
        person_id=Person.objects.get(name="Imran Qureshi").pk, about=f"entry:{first.entries.get().pk}"
    )
    assert early.dated_at == make.london("2025-09-01 09:00")
    assert late.dated_at == make.london("2025-09-03 09:00")
    assert build.mail(late).content.startswith(b"Date: Wed, 03 Sep 2025 09:00:00 +0100")
    now = clock.now()
    assert invitations.reconcile(now) == Tally(invited=len(ON_THE_LIST))
    assert invitations.reconcile(now) == Tally()
    assert set(Mailing.objects.filter(messages__state="queued").values_list("subject", flat=True)) == {
        "Forum meeting: Thursday 6 November 2025, 10:00am"
    }


def test_some_have_answered_between_invitation_and_meeting() -> None:
    loading.load(clock.now())
    assert set(Answer.objects.values_list("choice", flat=True)) == {"yes", "maybe", "no"}
    for answer in Answer.objects.select_related("invitation__entry__meeting"):
        assert answer.invitation.created_at < answer.created_at < answer.invitation.entry.meeting.starts_at
        assert queries.counts_now(answer, answer.invitation.entry)
    answers = queries.answers(Meeting.objects.order_by("starts_at")[0])
    assert answers.given + answers.waiting == answers.invited


def test_a_second_load_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_demo")
    assert "Loaded 15 trusts, 26 people and 11 meetings" in capsys.readouterr().out
    with pytest.raises(CommandError, match="The database is not empty, so nothing was loaded"):
        call_command("load_demo")
    assert Person.objects.count() == 26


def test_production_refuses(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="does not belong in production"):
        call_command("load_demo")
    assert not Person.objects.exists()


def test_empty_has_people_but_no_meetings(portal_clock: Hand) -> None:
    now = portal_clock.set("2025-07-07 09:00")
    loaded = loading.load(now, empty=True)
    assert (loaded.people, loaded.meetings, loaded.letters) == (26, 0, 0)
    assert not Subscription.objects.filter(started_at__gte=now).exists()
    assert not Person.objects.filter(created_at__gte=now).exists()


@pytest.mark.parametrize(
    ("moment", "held"), [("2025-07-07 09:00", 0), ("2025-09-01 08:59", 0), ("2025-12-10 09:00", 4)]
)
def test_another_clock_makes_another_past(moment: str, held: int, portal_clock: Hand) -> None:
    now = portal_clock.set(moment)
    loading.load(now)
    assert Meeting.objects.filter(ends_at__lte=now).count() == held
    assert {
        row.entry.meeting.ends_at <= now for row in Invitation.objects.select_related("entry__meeting")
    } <= {True}
    assert Invitation.objects.values("entry").distinct().count() == held
    assert not Message.objects.filter(dated_at__gt=now).exists()
    assert not Answer.objects.filter(created_at__gt=now).exists()


def test_a_crowd_fills_up_to_the_number_and_mails_nobody() -> None:
    now = clock.now()
    loaded = loading.load(now, volume=400)
    assert (loaded.people, loaded.trusts) == (400, 172)
    invented = Trust.objects.filter(name__endswith=" (demo)")
    assert invented.count() == 157
    assert not invented.filter(is_demo=False).exists()
    assert all(trust.roles.filter(kind="lead").count() == 1 for trust in invented)
    assert not Person.objects.exclude(email__endswith=".example").exists()
    assert not Message.objects.exclude(state="sent").exists()
    assert Person.objects.filter(mail_paused_at__isnull=False).exists()
    third = Meeting.objects.order_by("starts_at")[2]
    assert queries.holders(third) == queries.audience(third.list, now).people
    assert queries.answers(third).given > 0
    assert invitations.reconcile(now) == Tally()
    third.full_clean()
    for person in Person.objects.order_by("-id")[:20]:
        person.full_clean(exclude=["password"])


def test_a_crowds_letters_are_like_those_the_portal_makes() -> None:
    loading.load(clock.now(), volume=60)
    entry = Meeting.objects.order_by("starts_at")[2].entries.get()
    view = queries.entry_view(entry)
    own = Message.objects.get(about=f"entry:{entry.pk}", person_id=Person.objects.get(name="Priya Raman").pk)
    row = Invitation.objects.get(entry=entry, person__name="Priya Raman")
    slots = letters.slots(view, row, queries.recipients([row.pk])[row.pk], None) | {"said": own.slots["said"]}
    made = crowd.letter(row, own, slots | {"partstat": own.slots["partstat"]})
    differing = {
        field.attname
        for field in Message._meta.concrete_fields
        if getattr(made, field.attname) != getattr(own, field.attname)
    }
    assert differing <= {"id", "handed_at", "created_at"}
    theirs = Message.objects.filter(about=own.about).latest("id")
    assert theirs.message_id.startswith(f"<{tokens.digest(theirs.key, 'message-id')[:40]}@")
    assert build.mail(theirs).content


def test_the_same_crowd_comes_every_time() -> None:
    def crowd_of(number: int) -> list[Any]:
        with transaction.atomic():
            loading.load(make.london("2025-10-20 09:00"), volume=number)
            found = [
                list(
                    Person.objects.order_by("email").values_list("email", "name", "job_title", "created_at")
                ),
                list(Trust.objects.order_by("name").values_list("name", "region", "approved_at")),
                list(Answer.objects.order_by("created_at", "id").values_list("choice", "created_at")),
            ]
            transaction.set_rollback(True)
        return found

    assert crowd_of(80) == crowd_of(80)


def test_a_crowd_smaller_than_the_demo_is_refused() -> None:
    with pytest.raises(CommandError, match="The demo itself has 26 people"):
        call_command("load_demo", "--volume", "5")
    assert not Person.objects.exists()


def test_a_crowd_without_a_year() -> None:
    loaded = loading.load(clock.now() - timedelta(days=100), volume=90, empty=True)
    assert (loaded.people, loaded.meetings, loaded.letters) == (90, 0, 0)


def test_a_demo_that_begins_after_a_reminder_s_moment_counts_it_as_sent(portal_clock: Hand) -> None:
    now = portal_clock.set("2025-11-05 09:00")
    loading.load(now, volume=120)
    own = Message.objects.filter(mailing__kind="reminder", about__in=_about(make.london("2025-11-06 10:00")))
    assert own.count() > 20
    assert set(own.values_list("state", "dated_at")) == {("sent", make.london("2025-11-04 09:00"))}
    tasks.reconcile()
    assert not Message.objects.exclude(state="sent").exists()


def test_whoever_comes_after_the_demo_began_is_welcomed_and_nobody_else() -> None:
    loading.load(clock.now())
    tasks.reconcile()
    assert not Message.objects.filter(mailing__kind="welcome").exists()
    who = make.subscribed(make.person("Asha Lindqvist", "asha@lantern.example"))
    tasks.reconcile()
    assert [row.person_id for row in Message.objects.filter(mailing__kind="welcome")] == [who.pk]


def _about(starts_at: datetime) -> list[str]:
    return [f"entry:{row.pk}" for row in CalendarEntry.objects.filter(meeting__starts_at=starts_at)]
