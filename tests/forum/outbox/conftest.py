"""The outbox's own fixtures: a relay on loopback, the settings that point to it, a moment."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from pytest_django.fixtures import Settings

from forum.kit import clock
from forum.outbox import post
from tests.fakes.smtp import Sink


@pytest.fixture(autouse=True)
def quiet_broker(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Wake-ups are counted, not sent."""
    rung: list[bool] = []
    monkeypatch.setattr(post.tasks.drain, "apply_async", lambda **_: rung.append(True))
    return rung


@pytest.fixture
def now() -> datetime:
    """The portal's moment."""
    return clock.now()


@pytest.fixture
def sink(settings: Settings) -> Iterator[Sink]:
    """A relay that takes everything, until it is told otherwise; what it saw was proper SMTP."""
    with Sink() as server:
        settings.MAIL_HOST, settings.MAIL_PORT = server.host, server.port
        settings.MAIL_USER = settings.MAIL_PASSWORD = settings.MAIL_TLS = settings.MAIL_ALL_TO = ""
        settings.MAIL_RATE_PER_MINUTE = None
        yield server
        assert server.violations == []
