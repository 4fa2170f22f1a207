"""The cast, the clock and the doors that every test may use."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import time

import hypothesis
import pytest
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.core.cache import caches
from django.test import Client

from forum.kit import clock
from forum.kit.clock import Anchor
from members import adapter
from members.models import MailingList, Office, Person, Subscription, Trust
from tests import make

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

hypothesis.settings.register_profile("portal", deadline=None)  # a busy machine is no fault of the code
hypothesis.settings.load_profile("portal")

DEMO_MOMENT = "2025-10-20 09:00"


class Hand:
    """The hand on the portal's clock: set it, or let time pass."""

    def __init__(self) -> None:
        self.set(DEMO_MOMENT)

    def set(self, moment: str | datetime) -> datetime:
        """Sets the clock, by London's wall clock when it is text."""
        shows = make.london(moment) if isinstance(moment, str) else moment
        settings.CLOCK = Anchor(shows=shows, at=clock.real())
        return shows

    def passes(self, **span: float) -> datetime:
        """Lets time pass, as timedelta counts it."""
        return self.set(clock.now() + timedelta(**span))


@pytest.fixture(autouse=True)
def portal_clock() -> Iterator[Hand]:
    """The portal's clock stands at the demo's moment when a test begins, and ticks."""
    kept = settings.CLOCK
    yield Hand()
    settings.CLOCK = kept


@pytest.fixture(autouse=True)
def no_kept_pages() -> None:
    """No page is kept from the test before."""
    caches["pages"].clear()


@pytest.fixture
def forum_list(db: None) -> MailingList:
    """The Forum's mailing list."""
    return make.forum_list()


@pytest.fixture
def whinfell(db: None) -> Trust:
    """Priya's and Callum's trust."""
    return make.trust("Whinfell Learning Trust", email_domain="whinfell.example", region="North East")


@pytest.fixture
def fenwright(db: None) -> Trust:
    """Nadia's trust."""
    return make.trust(
        "Fenwright Learning Federation", email_domain="fenwright.example", region="East Midlands"
    )


@pytest.fixture
def tracy(forum_list: MailingList) -> Person:
    """The chair."""
    return _office_holder("Tracy Goodyear", "chair@forum.example", Office.CHAIR)


@pytest.fixture
def sam(forum_list: MailingList) -> Person:
    """A deputy chair."""
    return _office_holder("Sam Gibbs", "deputy.one@forum.example", Office.DEPUTY)


def _office_holder(name: str, email: str, office: Office) -> Person:
    who = make.person(name, email, office=office, is_staff=True)
    return make.subscribed(who, basis=Subscription.Basis.OFFICE)


@pytest.fixture
def priya(whinfell: Trust, forum_list: MailingList) -> Person:
    """A trust lead."""
    who = make.person("Priya Raman", "priya.raman@whinfell.example")
    make.role(who, whinfell, "lead")
    return make.subscribed(who)


@pytest.fixture
def callum(priya: Person, whinfell: Trust, forum_list: MailingList) -> Person:
    """Priya's colleague, who never signed in."""
    who = make.person("Callum Renwick", "callum.renwick@whinfell.example")
    make.role(who, whinfell)
    return make.subscribed(who, basis=Subscription.Basis.ADDED_BY_LEAD, added_by=priya)


@pytest.fixture
def nadia(fenwright: Trust, forum_list: MailingList) -> Person:
    """A lead elsewhere."""
    who = make.person("Nadia Farouk", "nadia.farouk@fenwright.example")
    make.role(who, fenwright, "lead")
    return make.subscribed(who)


@pytest.fixture
def grace(forum_list: MailingList) -> Person:
    """A facilitator."""
    at = make.trust("Lantern Hill Schools Trust", email_domain="lanternhill.example", region="South East")
    who = make.person("Grace Whitcombe", "grace.whitcombe@lanternhill.example")
    make.role(who, at)
    make.community("Is our CPD working?").facilitators.add(who)
    return make.subscribed(who)


@pytest.fixture(autouse=True)
def codes_leave_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign-in code is handed over before the answer, so that a test can read it."""
    monkeypatch.setattr(adapter, "send_soon", adapter.hand_over)


@pytest.fixture
def visitor() -> Client:
    """Somebody who is not signed in."""
    return Client()


@pytest.fixture
def as_person(db: None) -> Callable[[Person], Client]:
    """Gives a browser in which someone is signed in; an office-holder has used the second step there."""

    def sign_in(who: Person, *, second_step: bool = True) -> Client:
        client = Client()
        client.force_login(who, backend="allauth.account.auth_backends.AuthenticationBackend")
        if who.office and second_step:
            app = make.second_step(who)
            session = client.session
            session["account_authentication_methods"] = [
                {"method": "mfa", "type": "totp", "id": app.pk, "at": time()}
            ]
            session["account_authentication_methods_user"] = user_id_to_str(who)
            session.save()
        return client

    return sign_in


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells at the end what each fault cost and how far the walk went."""
    lines = [
        str(value)
        for state in ("passed", "failed")
        for one in terminalreporter.stats.get(state, [])
        for name, value in one.user_properties
        if name in ("fault", "walk")
    ]
    if lines:
        terminalreporter.section("figures")
        for line in sorted(set(lines)):
            terminalreporter.write_line(line)
