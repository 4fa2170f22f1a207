"""The environment is read loudly: what every good value gives, and the sentence for every bad one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from forum.env import DEVELOPMENT_KEY, NAMES, EnvError, read

KEY = "k" * 60
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SITE_URL": "https://forum.example",
    "SECRET_KEY": KEY,
    "DATABASE_URL": "postgresql://forum:p%40ss@db:5432/forum?sslmode=require",
    "REDIS_URL": "redis://valkey:6379/0",
    "MAIL_URL": "smtp+tls://user:pa%3Ass@mail.forum.example",
}
DEVELOPMENT = {"ENVIRONMENT": "development"}


def problems(environ: dict[str, str]) -> str:
    with pytest.raises(EnvError) as caught:
        read(environ)
    return "\n".join(caught.value.problems)


def test_production_reads_everything() -> None:
    env = read(PRODUCTION)
    assert env.environment == "production"
    assert env.site_url == "https://forum.example"
    assert env.allowed_hosts == ("forum.example",)
    assert (env.secret_key, env.links_key) == (KEY, KEY)
    assert env.database == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "forum",
        "USER": "forum",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": "5432",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": "5",
            "sslmode": "require",
            "pool": {"min_size": 0, "max_size": 8, "timeout": 4},
        },
    }
    assert (env.redis_url, env.celery_broker_url) == ("redis://valkey:6379/0", "redis://valkey:6379/0")
    mail = (env.mail_host, env.mail_port, env.mail_user, env.mail_password, env.mail_tls)
    assert mail == ("mail.forum.example", 587, "user", "pa:ss", "starttls")
    assert (env.mail_from, env.mail_all_to, env.mail_rate_per_minute) == (
        "invitations@forum.example",
        "",
        None,
    )
    assert (env.clock, env.demo_maildir) == (None, None)


def test_unset_is_production_and_says_all_that_is_missing_at_once() -> None:
    said = problems({})
    for name in ("SITE_URL", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "MAIL_URL"):
        assert f"{name} must be set in production" in said
    assert len(said.splitlines()) == 5


def test_blank_counts_as_not_set() -> None:
    assert read(DEVELOPMENT | dict.fromkeys(set(NAMES) - {"ENVIRONMENT"}, "  ")) == read(DEVELOPMENT)


def test_development_needs_nothing() -> None:
    env = read(DEVELOPMENT)
    assert env.secret_key == env.links_key == DEVELOPMENT_KEY
    assert env.site_url == "http://localhost:8000"
    assert env.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert (env.mail_host, env.mail_port, env.mail_tls) == ("localhost", 1025, "")


def test_an_unknown_environment_stops_the_start() -> None:
    assert problems({"ENVIRONMENT": "staging"}) == (
        "ENVIRONMENT is “staging”; it must be development, test or production."
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SITE_URL", "http://forum.example", "must begin with https://"),
        ("SITE_URL", "https://forum.example/portal", "with nothing after it"),
        ("SITE_URL", "https://", "with nothing after it"),
        ("SITE_URL", "https://forum.example:port", "is not an address"),
        ("SITE_URL", "forum.example", "must begin with https://"),
        ("ALLOWED_HOSTS", "forum.example, *", "must name its hosts"),
        ("SECRET_KEY", "short", "at least 50"),
        ("SECRET_KEY", DEVELOPMENT_KEY, "at least 50"),
        ("LINKS_KEY", "short", "at least 50"),
        ("DATABASE_URL", "sqlite:///db", "must begin with postgresql://"),
        ("DATABASE_URL", "postgresql://db/", "must name a database"),
        ("DATABASE_URL", "postgresql://db/forum?pol=1", "an option that the portal does not know: pol"),
        ("DATABASE_URL", "postgresql://db:99999/forum", "is not an address"),
        ("REDIS_URL", "memcached://x", "must begin with redis://"),
        ("REDIS_URL", "unix://run/valkey.sock", "by its whole path"),
        ("REDIS_URL", "redis://valkey:6379/zero", "a database number"),
        ("MAIL_URL", "mail.forum.example", "must begin with smtp://"),
        ("MAIL_URL", "smtp://", "must name a host"),
        ("MAIL_URL", "smtp://mail.forum.example/x", "nothing after the port"),
        ("MAIL_URL", "smtp://user:pass@mail.forum.example", "a password in the clear"),
        ("MAIL_FROM", "The Forum <a@forum.example>", "one bare mail address"),
        ("MAIL_ALL_TO", "me@forum.example", "production refuses it"),
        ("MAIL_RATE_PER_MINUTE", "many", "a whole number"),
        ("MAIL_RATE_PER_MINUTE", "0", "a whole number"),
        ("CLOCK", "2031-03-14T09:00", "production refuses it"),
        ("DEMO_MAILDIR", "/tmp/mail", "production refuses it"),
    ],
)
def test_production_refuses(name: str, value: str, sentence: str) -> None:
    said = problems(PRODUCTION | {name: value})
    assert said.startswith(name)
    assert sentence in said


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("smtp://127.0.0.1:2525", "127.0.0.1"),
        ("smtp://[::1]:25", "::1"),
        ("smtp://localhost:25", "localhost"),
    ],
)
def test_mail_to_this_machine_is_free_outside_production(value: str, host: str) -> None:
    assert read(DEVELOPMENT | {"MAIL_URL": value}).mail_host == host


@pytest.mark.parametrize("environment", ["development", "test"])
def test_mail_elsewhere_needs_a_redirection_outside_production(environment: str) -> None:
    environ = {"ENVIRONMENT": environment, "MAIL_URL": "smtps://mail.forum.example"}
    assert "set MAIL_ALL_TO to your own address" in problems(environ)
    env = read(environ | {"MAIL_ALL_TO": "me@forum.example"})
    assert (env.mail_all_to, env.mail_port, env.mail_tls) == ("me@forum.example", 465, "tls")


@pytest.mark.parametrize(
    ("value", "cache", "broker"),
    [
        ("unix:///run/v.sock?db=2", "unix:///run/v.sock?db=2", "redis+socket:///run/v.sock?virtual_host=2"),
        ("unix:///run/v.sock", "unix:///run/v.sock", "redis+socket:///run/v.sock?virtual_host=0"),
        ("redis://:word@valkey/1", "redis://:word@valkey/1", "redis://:word@valkey/1"),
        ("rediss://v/0", "rediss://v/0?ssl_cert_reqs=required", "rediss://v/0?ssl_cert_reqs=required"),
    ],
)
def test_the_broker_gets_its_own_spelling(value: str, cache: str, broker: str) -> None:
    env = read(DEVELOPMENT | {"REDIS_URL": value})
    assert (env.redis_url, env.celery_broker_url) == (cache, broker)


def test_a_database_on_a_socket() -> None:
    database = read(
        DEVELOPMENT | {"DATABASE_URL": "postgresql://forum@/forum?host=/tmp/x&port=5432"}
    ).database
    assert (database["HOST"], database["PORT"], database["USER"]) == ("/tmp/x", "5432", "forum")


@pytest.mark.parametrize(
    ("value", "shows", "at"),
    [
        ("2031-03-14T09:00", datetime(2031, 3, 14, 9, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)),
        ("2031-07-14T09:00", datetime(2031, 7, 14, 8, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)),
        (
            "2031-07-14T09:00:05@2032-01-01T12:00:00+02:00",
            datetime(2031, 7, 14, 8, 0, 5, tzinfo=UTC),
            datetime(2032, 1, 1, 10, tzinfo=UTC),
        ),
        # The hour that comes twice: the first one unless the offset says otherwise.
        ("2025-10-26T01:30", datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)),
        (
            "2025-10-26T01:30+00:00",
            datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
            datetime(2040, 1, 1, tzinfo=UTC),
        ),
    ],
)
def test_the_clock(value: str, shows: datetime, at: datetime) -> None:
    env = read(DEVELOPMENT | {"CLOCK": value}, started_at=datetime(2040, 1, 1, tzinfo=UTC))
    assert env.clock == (shows, at)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("tomorrow", "must look like"),
        ("2031-03-14T09:00@now", "must look like"),
        ("2031-03-14T09:00@2032-01-01T12:00", "with an offset"),
        ("2026-03-29T01:30", "leave out when they go forward"),
    ],
)
def test_a_clock_that_makes_no_sense(value: str, sentence: str) -> None:
    assert sentence in problems(DEVELOPMENT | {"CLOCK": value})


def test_other_values_that_are_typed() -> None:
    env = read(
        DEVELOPMENT
        | {
            "SITE_URL": "http://[::1]:9000/",
            "ALLOWED_HOSTS": "a.example, b.example",
            "LINKS_KEY": "other",
            "MAIL_FROM": "dates@forum.example",
            "MAIL_RATE_PER_MINUTE": "120",
            "DEMO_MAILDIR": "/var/mail",
        }
    )
    assert env.site_url == "http://[::1]:9000"
    assert env.allowed_hosts == ("[::1]", "a.example", "b.example", "localhost", "127.0.0.1")
    assert (env.links_key, env.mail_from, env.mail_rate_per_minute) == ("other", "dates@forum.example", 120)
    assert env.demo_maildir == Path("/var/mail")


def test_the_sender_in_production_is_at_the_sites_own_host() -> None:
    assert (
        read(PRODUCTION | {"SITE_URL": "https://www.trusts.example"}).mail_from
        == "invitations@trusts.example"
    )
