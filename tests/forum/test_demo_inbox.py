"""The demo's inbox shows every mail to whoever sits at the machine, and nothing to anybody else."""

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import include, path

from forum import urls
from forum.demo import reading
from forum.kit import clock
from forum.launch.maildir import deliver
from forum.outbox import build
from forum.outbox.models import Message
from meetings import actions, invitations
from meetings.models import Meeting
from members.models import Person
from tests import make
from tests.conftest import Hand

urlpatterns = [path("demo/", include("forum.demo.urls")), *urls.urlpatterns]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
INBOX = "/demo/inbox/"


@pytest.fixture
def maildir(tmp_path: Path, settings: Any) -> Path:
    """An empty Maildir, in development."""
    settings.ENVIRONMENT = "development"
    settings.DEMO_MAILDIR = tmp_path
    for name in ("tmp", "new", "cur"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def invited(maildir: Path, tracy: Person, callum: Person, portal_clock: Hand) -> Meeting:
    """A meeting whose invitations lie in the Maildir."""
    meeting = make.meeting(
        "2025-11-06 10:00", theme="Mentors", invite_at=clock.now(), join_url="https://zoom.example/j/1"
    )
    invitations.reconcile(portal_clock.passes(minutes=3))
    hand_over(maildir)
    return meeting


def hand_over(maildir: Path) -> None:
    """Puts every queued letter into the Maildir."""
    for message in Message.objects.filter(state="queued").order_by("id"):
        mail = build.mail(message)
        deliver(maildir, mail.sender, [mail.recipient], mail.content)
    Message.objects.filter(state="queued").update(state="sent", handed_at=clock.real(), sent_at=clock.real())


def keep(maildir: Path, content: bytes, to: str = "chair@forum.example") -> str:
    """Puts one mail into the Maildir; gives its name."""
    return deliver(maildir, "", [to], content).name


def page(url: str) -> str:
    """A page as the browser at this machine gets it."""
    response = Client().get(url)
    assert response.status_code == 200
    assert "Content-Security-Policy" in response.headers
    return response.content.decode()


def names(maildir: Path) -> list[str]:
    """Every mail's name, newest first."""
    return [headline.name for headline in reading.newest_first(maildir)]


def addresses(maildir: Path) -> list[str]:
    """Every address of the inbox."""
    name = names(maildir)[0]
    return [INBOX, f"{INBOX}{name}/", f"{INBOX}{name}/html/", f"{INBOX}{name}/source/"]


def test_the_list_shows_subject_recipient_and_portal_date_newest_first(
    invited: Meeting, maildir: Path
) -> None:
    code = EmailMessage()
    code["Subject"], code["To"] = "Your code is 482 913", "chair@forum.example"
    code["Date"] = "Mon, 20 Oct 2025 09:01:00 +0100"
    code.set_content("Your code")
    keep(maildir, code.as_bytes())
    shown = page(INBOX)
    assert shown.index("Your code is 482 913") < shown.index(
        "Forum meeting: Thursday 6 November 2025, 10:00am"
    )
    assert "Monday 20\u00a0October\u00a02025, 9:01am" in shown
    assert "callum.renwick@whinfell.example" in shown
    assert shown.count("row-title") == 5


def test_it_says_how_each_chair_signs_in(invited: Meeting, sam: Person) -> None:
    shown = page(INBOX)
    for words in ("Tracy Goodyear, Chair", "Sam Gibbs, Deputy chair", "chair@forum.example", "/sign-in/"):
        assert words in shown
    assert "Callum Renwick, " not in shown


def test_the_list_can_be_held_to_one_person(invited: Meeting) -> None:
    shown = page(f"{INBOX}?to=Callum.Renwick@whinfell.example")
    assert shown.count('<p class="row-title">\n                <a') == 1
    assert "Mail to one person" in shown
    assert "No mail yet." in page(f"{INBOX}?to=nobody@whinfell.example")


def test_an_empty_inbox_says_when_mail_comes(maildir: Path) -> None:
    assert "Invitations go out within a minute" in page(INBOX)


def test_long_lists_have_pages(maildir: Path) -> None:
    for number in range(60):
        keep(maildir, f"Subject: Mail {number}\r\n\r\nText".encode())
    first, second = page(INBOX), page(f"{INBOX}?page=2&to=chair@forum.example")
    assert "1 to 50 of 60" in first
    assert "51 to 60 of 60" in second
    assert "to=chair%40forum.example&amp;page=1" in second


def test_one_mail_shows_text_with_links_headers_and_the_calendar_in_words(
    invited: Meeting, maildir: Path
) -> None:
    name = reading.newest_first(maildir)[0].name
    shown = page(f"{INBOX}{name}/")
    for words in (
        "Put this into the calendar, or bring what is there up to date (REQUEST)",
        "Thursday 6\u00a0November\u00a02025, 10:00am to 11:30am, London time (written in Europe/London)",
        "SEQUENCE 0",
        f"UID {invited.entries.get().uid}",
        "Trust-wide CPD Leaders’ Forum &lt;invitations@forum.example&gt;",
        "answer NEEDS-ACTION",
        "CONFIRMED",
        "List-Unsubscribe-Post",
        "BEGIN:VEVENT",
        '<a href="https://zoom.example/j/1"',
    ):
        assert words in shown
    assert f'src="{INBOX}{name}/html/"' in shown
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown


def test_a_cancellation_is_read_out(
    invited: Meeting, maildir: Path, tracy: Person, portal_clock: Hand
) -> None:
    actions.cancel_meeting(invited, reason="Snow", by=tracy)
    invitations.reconcile(portal_clock.passes(minutes=3))
    hand_over(maildir)
    shown = page(f"{INBOX}{names(maildir)[0]}/")
    assert "Take this out of the calendar (CANCEL)" in shown
    assert "CANCELLED" in shown
    assert "SEQUENCE 1" in shown


def test_the_html_part_has_no_rights(invited: Meeting, maildir: Path) -> None:
    name = reading.newest_first(maildir)[0].name
    response = Client().get(f"{INBOX}{name}/html/")
    policy = response.headers["Content-Security-Policy"]
    for directive in (
        "default-src 'none'",
        "img-src 'none'",
        "style-src 'unsafe-inline'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    ):
        assert directive in policy.split("; ")
    assert "script-src" not in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert response.content.startswith(b'<base target="_blank">')


def test_a_page_round_it_keeps_the_sites_own_policy(invited: Meeting, maildir: Path) -> None:
    name = reading.newest_first(maildir)[0].name
    response = Client().get(f"{INBOX}{name}/")
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"


def test_the_source_is_plain_text(invited: Meeting, maildir: Path) -> None:
    name = reading.newest_first(maildir)[0].name
    response = Client().get(f"{INBOX}{name}/source/")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert b"Message-ID: <" in response.content
    assert b"X-Envelope-To: " in response.content


@pytest.mark.parametrize(
    "change",
    [
        lambda settings: setattr(settings, "ENVIRONMENT", "test"),
        lambda settings: setattr(settings, "ENVIRONMENT", "production"),
        lambda settings: setattr(settings, "DEMO_MAILDIR", None),
    ],
)
def test_it_is_nowhere_but_in_a_demo(
    change: Callable[[Any], None], invited: Meeting, maildir: Path, settings: Any
) -> None:
    wanted = addresses(maildir)
    change(settings)
    assert {Client().get(url).status_code for url in wanted} == {404}
    assert {Client().post(url).status_code for url in wanted} == {404}


@pytest.mark.parametrize(
    "extra",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": "2001:db8::7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"HTTP_FORWARDED": "for=192.0.2.7"},
    ],
)
def test_other_machines_find_no_such_page(extra: dict[str, Any], invited: Meeting, maildir: Path) -> None:
    assert {Client(**extra).get(url).status_code for url in addresses(maildir)} == {404}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_finds_them_all_and_can_only_read(address: str, invited: Meeting, maildir: Path) -> None:
    for url in addresses(maildir):
        assert Client().get(url, REMOTE_ADDR=address).status_code == 200
        assert Client().head(url, REMOTE_ADDR=address).status_code == 200
        assert Client().post(url, REMOTE_ADDR=address).status_code == 405


@pytest.mark.urls("forum.urls")
def test_the_site_has_no_such_address_outside_a_demo() -> None:
    assert django_settings.ENVIRONMENT == "test"
    assert Client().get(INBOX).status_code == 404


@pytest.mark.parametrize("name", ["..", "1", "new", "%2e%2e%2fsecret", "1.M1P1.host", "a b", "\u202e"])
def test_a_name_that_is_no_mail_is_not_found(name: str, invited: Meeting, maildir: Path) -> None:
    (maildir / "secret").write_text("secret")
    for url in (f"{INBOX}{name}/", f"{INBOX}{name}/html/", f"{INBOX}{name}/source/"):
        assert Client().get(url).status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"no header at all",
        b"Subject: =?utf-8?b?!!!?= =?nonsense?q?x?=\r\nTo: <<<@@\r\nDate: yesterday\r\n\r\nText",
        b"Subject: raw \xff\xe9\r\nDate: Mon, 99 Foo 2025 99:99\r\nContent-Type: text/plain; charset=nonsense\r\n"
        b"\r\n\xff",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n!!\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:tomorrow\r\n"
        b"END:VEVENT\r\nEND:VCALENDAR",
        b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20251106\r\n"
        b"DTEND;VALUE=DATE:20251107\r\nEND:VEVENT\r\nEND:VCALENDAR",
        b"Content-Type: text/calendar\r\n\r\nsnow",
        b"Message-ID: <" + b"x" * 2000 + b"\r\n" + b"X: y\r\n" * 3000 + b"\r\nText",
    ],
)
def test_a_broken_mail_is_shown_as_well_as_it_can_be(content: bytes, maildir: Path) -> None:
    name = keep(maildir, content)
    assert name in page(INBOX)
    for url in (f"{INBOX}{name}/", f"{INBOX}{name}/html/", f"{INBOX}{name}/source/"):
        assert Client().get(url).status_code == 200


def test_a_mail_without_an_envelope_and_one_that_was_read_elsewhere_are_there_too(maildir: Path) -> None:
    (maildir / "cur" / "1.M1P1Q1.host:2,S").write_bytes(
        b"To: Priya <Priya@Whinfell.example>\r\nSubject: Hello\r\n\r\nText"
    )
    assert "priya@whinfell.example" in page(INBOX)
    assert "Hello" in page(f"{INBOX}1.M1P1Q1.host/")


def test_scripts_and_marks_in_a_mail_are_words_only(maildir: Path) -> None:
    name = keep(
        maildir,
        b"Subject: <script>alert(1)</script>\r\n\r\n<script>alert(2)</script> https://forum.example/a?b=c",
    )
    shown = page(f"{INBOX}{name}/") + page(INBOX)
    assert "<script" not in shown
    assert '<a href="https://forum.example/a?b=c"' in shown
