"""Signing in as people do: an app, a passkey, a recovery code, two browsers, and without script."""

import re
from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from playwright.sync_api import Browser

from members.models import Person
from tests import make
from tests.browser.conftest import DESK, Visit


@pytest.fixture
def passkeys(visit: Visit) -> Iterator[None]:
    """A device in which the browser keeps passkeys and whose owner touches it at once."""
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield
    session.detach()


def code_of(who: Person) -> str:
    found = re.search(r"\d{3} \d{3}", next(m.subject for m in reversed(mail.outbox) if who.email in m.to))
    assert found
    return found[0]


def by_code(visit: Visit, who: Person, then: str) -> None:
    page = visit.open(f"/sign-in/?next={then}")
    visit.check()
    page.get_by_label("Your work email address").fill(who.email)
    visit.press("Send me a code")
    visit.check()
    assert not page.get_by_label("Keep me signed in").is_checked()
    page.get_by_label("Code", exact=True).fill(code_of(who))
    visit.press("Sign in")


def test_a_chair_sets_up_a_passkey_and_signs_in_with_it(visit: Visit, passkeys: None, tracy: Person):
    by_code(visit, tracy, "/admin/")
    page = visit.page
    page.wait_for_url("**/me/two-step/**")
    visit.check()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("What do you call it?").fill("my phone")
    visit.check()
    visit.press("Make a passkey")
    page.get_by_role("heading", name="Keep these recovery codes").wait_for()
    visit.check()
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/admin/")
    page.goto(f"{visit.base}/sign-out/")
    visit.press(page.get_by_role("main").get_by_role("button", name="Sign out"))
    visit.open("/sign-in/?next=/admin/")
    visit.press("Sign in with a passkey")
    page.wait_for_url("**/admin/")
    visit.check()
    assert [one.data["name"] for one in Authenticator.objects.filter(type="webauthn")] == ["my phone"]
    # Back after signing out shows nothing private.
    page.goto(f"{visit.base}/sign-out/")
    visit.press(page.get_by_role("main").get_by_role("button", name="Sign out"))
    page.go_back()
    page.go_back()
    assert "/sign-in/" in page.url or page.get_by_role("link", name="Sign in").first.is_visible()


def test_a_passkey_is_a_second_step_and_confirms(visit: Visit, passkeys: None, tracy: Person):
    visit.sign_in(tracy)
    page = visit.open("/me/two-step/passkeys/new/")
    page.get_by_label("Code from your app").wait_for()
    visit.check()
    page.get_by_label("Code from your app").fill(make.figures(make.second_step(tracy), ahead=1))
    visit.press("Continue")
    page.wait_for_url("**/passkeys/new/")
    visit.press("Make a passkey")
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/me/two-step/")
    visit.check()
    page.context.clear_cookies()
    by_code(visit, tracy, "/admin/")
    page.wait_for_url("**/sign-in/second-step/**")
    visit.check()
    visit.press("Use my passkey")
    page.wait_for_url("**/admin/")


def test_a_code_read_on_a_phone_is_typed_at_the_office(
    visit_without_script: Visit, browser: Browser, tracy: Person
):
    """Script is off: the code, an app set up by its key, and the admin."""
    visit = visit_without_script
    page = visit.open("/sign-in/?next=/admin/")
    page.get_by_label("Your work email address").fill(f"  {tracy.email.upper()} ")
    visit.press("Send me a code")
    page.get_by_label("Code", exact=True).fill("123")
    visit.press("Sign in")
    assert "not the six figures" in page.content() and page.title().startswith("Error:")
    page.get_by_label("Code", exact=True).fill(f"\u00a0{code_of(tracy)} ")
    page.get_by_label("Keep me signed in").check()
    visit.press("Sign in")
    page.wait_for_url("**/me/two-step/**")
    visit.press("Set up an app")
    secret = page.locator(".key").inner_text().replace(" ", "").strip()
    page.get_by_label("The six figures").fill("000000")
    visit.press("Finish setting up")
    assert page.locator(".key").inner_text().replace(" ", "").strip() == secret
    page.get_by_label("The six figures").fill(make.figures(Authenticator(data={"secret": secret})))
    visit.press("Finish setting up")
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/admin/")
    kept = next(cookie for cookie in page.context.cookies() if cookie["name"] == "session")
    assert kept["expires"] > 0
    # Somebody else's browser sees nothing of it, and its own pending sign-in survives looking at other pages.
    other = browser.new_context(viewport=DESK)
    elsewhere = Visit(other.new_page(), visit.base)
    elsewhere.open("/sign-in/?next=/me/sessions/").get_by_label("Your work email address").fill(tracy.email)
    elsewhere.press("Send me a code")
    elsewhere.open("/meetings/")
    elsewhere.open("/sign-in/code/?next=/me/sessions/").get_by_label("Code", exact=True).fill(code_of(tracy))
    elsewhere.press("Sign in")
    elsewhere.page.get_by_label("Code from your app").fill(
        make.figures(Authenticator(data={"secret": secret}), ahead=1)
    )
    elsewhere.press("Continue")
    elsewhere.page.wait_for_url("**/me/sessions/")
    elsewhere.check()
    elsewhere.press("Sign out everywhere else")
    page.goto(f"{visit.base}/admin/")
    page.wait_for_url("**/sign-in/**")
    other.close()
