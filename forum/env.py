"""The environment, read once and loudly: typed variables; what is unknown or unsafe stops the start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlencode, urlsplit
from zoneinfo import ZoneInfo

NAMES = (
    "ENVIRONMENT",
    "SITE_URL",
    "ALLOWED_HOSTS",
    "SECRET_KEY",
    "LINKS_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "MAIL_URL",
    "MAIL_FROM",
    "MAIL_ALL_TO",
    "MAIL_RATE_PER_MINUTE",
    "PROXIES",
    "CLOCK",
    "DEMO_MAILDIR",
)
ENVIRONMENTS = ("development", "test", "production")
LONDON = ZoneInfo("Europe/London")
SHORTEST_KEY = 50
DEVELOPMENT_KEY = "development-only-key-which-production-refuses-to-start-with"
MAIL_SCHEMES = {"smtp": ("", 25), "smtp+tls": ("starttls", 587), "smtps": ("tls", 465)}
DATABASE_OPTIONS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "application_name")
# No connection is opened before it is needed; a web process has four threads, a worker one.
POOL = {"min_size": 0, "max_size": 8, "timeout": 4}


class EnvError(Exception):
    """Everything that is wrong with the environment, one plain sentence a line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "The portal does not start like this:\n" + "\n".join(f"- {line}" for line in problems)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Env:
    """What the environment says, checked.

    Shape: database is Django's connection dictionary; clock is (what the portal's clock showed, the real
    moment it stood there), both aware; mail_tls is "", "starttls" or "tls".
    """

    environment: str
    site_url: str
    allowed_hosts: tuple[str, ...]
    secret_key: str
    links_key: str
    database: dict[str, Any]
    redis_url: str
    celery_broker_url: str
    mail_host: str
    mail_port: int
    mail_user: str
    mail_password: str
    mail_tls: str
    mail_from: str
    mail_all_to: str
    mail_rate_per_minute: int | None
    proxies: int
    clock: tuple[datetime, datetime] | None
    demo_maildir: Path | None


def read(environ: Mapping[str, str], *, started_at: datetime | None = None) -> Env:
    """The environment as one checked value; a blank variable counts as not set.

    Errors: EnvError, naming everything that is wrong at once.
    """
    return _Reader(environ).read(started_at or datetime.now(UTC))


def parse_clock(value: str, started_at: datetime) -> tuple[datetime, datetime]:
    """The portal's moment and the real moment at which its clock showed that.

    Shape: "2031-03-14T09:00" is London's wall clock at the start; "2031-03-14T09:00@2032-01-01T12:00+00:00"
    names the real moment, so that several processes agree. Where the wall clock is not enough (the hour that
    comes twice in October), the portal's moment may carry its offset.
    Errors: ValueError with a sentence's end.
    """
    shows_text, at_sign, at_text = value.partition("@")
    try:
        shows = datetime.fromisoformat(shows_text)
        at = datetime.fromisoformat(at_text) if at_sign else started_at
    except ValueError as error:
        raise ValueError('must look like "2031-03-14T09:00"') from error
    if at.tzinfo is None:
        raise ValueError('must name its real moment with an offset, like "@2032-01-01T12:00+00:00"')
    if shows.tzinfo is None:
        wall = shows
        shows = shows.replace(tzinfo=LONDON).astimezone(UTC)
        if shows.astimezone(LONDON).replace(tzinfo=None) != wall:
            raise ValueError("names a time that London's clocks leave out when they go forward")
    return shows.astimezone(UTC), at.astimezone(UTC)


class _Reader:
    """Reads one variable after another and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.values = {name: environ.get(name, "").strip() for name in NAMES}
        self.problems: list[str] = []
        self.environment = self.values["ENVIRONMENT"] or "production"
        self.production = self.environment == "production"

    def read(self, started_at: datetime) -> Env:
        """Everything, or EnvError."""
        if self.environment not in ENVIRONMENTS:
            given = self.environment
            raise EnvError([f"ENVIRONMENT is “{given}”; it must be development, test or production."])
        site_url = self.site_url()
        host = urlsplit(site_url).hostname or "localhost"
        redis_url, celery_broker_url = self.redis()
        mail_host, mail_port, mail_user, mail_password, mail_tls = self.mail()
        secret_key = self.key("SECRET_KEY") or ("" if self.production else DEVELOPMENT_KEY)
        if not secret_key:
            self.wrong("SECRET_KEY", f"must be set in production: at least {SHORTEST_KEY} random characters.")
        env = Env(
            environment=self.environment,
            site_url=site_url,
            allowed_hosts=self.allowed_hosts(host),
            secret_key=secret_key,
            links_key=self.key("LINKS_KEY") or secret_key,
            database=self.database(),
            redis_url=redis_url,
            celery_broker_url=celery_broker_url,
            mail_host=mail_host,
            mail_port=mail_port,
            mail_user=mail_user,
            mail_password=mail_password,
            mail_tls=mail_tls,
            mail_from=self.address("MAIL_FROM")
            or f"invitations@{host.removeprefix('www.') if self.production else 'forum.example'}",
            mail_all_to=self.mail_all_to(mail_host),
            mail_rate_per_minute=self.rate(),
            proxies=self.proxies(),
            clock=self.clock(started_at),
            demo_maildir=self.demo_maildir(),
        )
        if self.problems:
            raise EnvError(self.problems)
        return env

    def wrong(self, name: str, sentence: str) -> None:
        """Notes one problem."""
        self.problems.append(f"{name} {sentence}")

    def value(self, name: str, otherwise: str) -> str:
        """The variable; where it is not set, the given value, and in production a problem."""
        if not self.values[name] and self.production:
            self.wrong(name, "must be set in production.")
        return self.values[name] or otherwise

    def split(self, name: str, value: str, schemes: tuple[str, ...]) -> SplitResult:
        """The parts of an address with one of these schemes and a valid port."""
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError as error:
            self.wrong(name, f"is not an address: {error}.")
            return urlsplit(f"{schemes[0]}://localhost")
        if parts.scheme not in schemes:
            self.wrong(name, f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
        return parts

    def site_url(self) -> str:
        """Where the portal is reached, without a slash at the end."""
        value = self.value("SITE_URL", f"{'https' if self.production else 'http'}://localhost:8000")
        parts = self.split("SITE_URL", value, ("https",) if self.production else ("http", "https"))
        if (
            not parts.hostname
            or parts.username
            or parts.path not in ("", "/")
            or parts.query
            or parts.fragment
        ):
            self.wrong(
                "SITE_URL", "must be a scheme and a host with nothing after it, like https://forum.example."
            )
        return f"{parts.scheme}://{parts.netloc}"

    def allowed_hosts(self, host: str) -> tuple[str, ...]:
        """The hosts that requests may name: the site's own, ALLOWED_HOSTS, outside production loopback."""
        named = [part.strip() for part in self.values["ALLOWED_HOSTS"].split(",") if part.strip()]
        if self.production and "*" in named:
            self.wrong("ALLOWED_HOSTS", "must name its hosts in production, not “*”.")
        loopback = [] if self.production else ["localhost", "127.0.0.1", "[::1]"]
        return tuple(dict.fromkeys([f"[{host}]" if ":" in host else host, *named, *loopback]))

    def key(self, name: str) -> str:
        """A secret; in production long enough and not the one in this file."""
        value = self.values[name]
        if self.production and value and (len(value) < SHORTEST_KEY or value == DEVELOPMENT_KEY):
            self.wrong(name, f"must be at least {SHORTEST_KEY} random characters in production.")
        return value

    def database(self) -> dict[str, Any]:
        """Django's connection dictionary."""
        value = self.value("DATABASE_URL", "postgresql:///forum")
        parts = self.split("DATABASE_URL", value, ("postgresql", "postgres"))
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        host = query.pop("host", "") or unquote(parts.hostname or "")
        port = query.pop("port", "") or str(parts.port or "")
        name = unquote(parts.path.lstrip("/"))
        if not name:
            self.wrong("DATABASE_URL", "must name a database, like postgresql://forum:secret@db:5432/forum.")
        for option in sorted(set(query) - set(DATABASE_OPTIONS)):
            self.wrong("DATABASE_URL", f"has an option that the portal does not know: {option}.")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": port,
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": True,  # the pool hands out no connection that a restart has cut
            "OPTIONS": {"connect_timeout": "5"} | query | {"pool": dict(POOL)},
        }

    def redis(self) -> tuple[str, str]:
        """The address of Valkey or Redis, for the cache and for Celery, which spells sockets its own way."""
        value = self.value("REDIS_URL", "redis://localhost:6379/0")
        parts = self.split("REDIS_URL", value, ("redis", "rediss", "unix"))
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.scheme == "unix":
            if parts.netloc or not parts.path.startswith("/"):
                self.wrong(
                    "REDIS_URL", "must name a socket by its whole path, like unix:///run/valkey.sock?db=0."
                )
            number = query.get("db", "0")
            return value, f"redis+socket://{parts.path}?{urlencode({'virtual_host': number})}"
        number = query.get("db", "") or parts.path.strip("/") or "0"
        if not parts.hostname or not number.isdecimal():
            self.wrong("REDIS_URL", "must name a host and a database number, like redis://valkey:6379/0.")
        if parts.scheme == "rediss" and "ssl_cert_reqs" not in query:
            value = parts._replace(query=urlencode(query | {"ssl_cert_reqs": "required"})).geturl()
        return value, value

    def mail(self) -> tuple[str, int, str, str, str]:
        """Host, port, user, password and kind of TLS of the SMTP server."""
        value = self.value("MAIL_URL", "smtp://localhost:1025")
        parts = self.split("MAIL_URL", value, tuple(MAIL_SCHEMES))
        tls, port = MAIL_SCHEMES.get(parts.scheme, ("", 25))
        host, user, password = (
            parts.hostname or "",
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )
        if not host or parts.path not in ("", "/") or parts.query or parts.fragment:
            self.wrong(
                "MAIL_URL", "must name a host and nothing after the port, like smtp://mail.forum.example:25."
            )
        if self.production and user and not tls and not _is_loopback(host):
            self.wrong("MAIL_URL", "sends a password in the clear: use smtp+tls:// (STARTTLS) or smtps://.")
        return host, parts.port or port, user, password, tls

    def address(self, name: str) -> str:
        """A bare mail address."""
        value = self.values[name]
        if value and not re.fullmatch(r"[^\s@<>\"(),:;]+@[^\s@<>\"(),:;]+", value):
            self.wrong(name, "must be one bare mail address, like invitations@forum.example.")
        return value

    def mail_all_to(self, mail_host: str) -> str:
        """The one address that gets everything outside production."""
        value = self.address("MAIL_ALL_TO")
        if self.production and value:
            self.wrong("MAIL_ALL_TO", "sends everybody's mail to one address; production refuses it.")
        if not self.production and not value and not _is_loopback(mail_host):
            self.wrong(
                "MAIL_URL",
                f"names {mail_host or 'no host'}, from where real people could get mail. "
                "Outside production set MAIL_ALL_TO to your own address as well.",
            )
        return value

    def proxies(self) -> int:
        """How many proxies of ours stand in front; each adds one address to X-Forwarded-For."""
        value = self.values["PROXIES"] or ("1" if self.production else "0")
        if not re.fullmatch(r"[0-9]", value):
            self.wrong("PROXIES", "must be how many proxies stand in front of the portal, 0 to 9.")
            return 0
        return int(value)

    def rate(self) -> int | None:
        """How many mails a minute at most; None is no limit."""
        value = self.values["MAIL_RATE_PER_MINUTE"]
        if not value:
            return None
        if not re.fullmatch(r"[1-9][0-9]{0,6}", value):
            self.wrong("MAIL_RATE_PER_MINUTE", "must be a whole number from 1.")
            return None
        return int(value)

    def clock(self, started_at: datetime) -> tuple[datetime, datetime] | None:
        """The portal's moment and the real one, or None where both clocks are the same."""
        value = self.values["CLOCK"]
        if not value:
            return None
        if self.production:
            self.wrong("CLOCK", "moves the portal's clock; production refuses it.")
            return None
        try:
            return parse_clock(value, started_at)
        except ValueError as error:
            self.wrong("CLOCK", f"{error}.")
            return None

    def demo_maildir(self) -> Path | None:
        """Where the demo's mails lie."""
        value = self.values["DEMO_MAILDIR"]
        if self.production and value:
            self.wrong("DEMO_MAILDIR", "shows mails to everybody on this machine; production refuses it.")
        return Path(value) if value else None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
