"""Two clocks: the portal's, which a demo may set, and the real one, which nobody may.

Leases, sessions, codes and limits go by the real clock; everything that people see goes by the portal's.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What the portal's clock showed at one real moment; it ticks on from there.

    Units: both moments are aware.
    """

    shows: datetime
    at: datetime

    @property
    def offset(self) -> timedelta:
        """How far the portal's clock is ahead of the real one."""
        return self.shows - self.at


def real() -> datetime:
    """The real moment, aware, in UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """The portal's moment, aware, in UTC: the real one unless CLOCK set another."""
    return shown(real())


def shown(moment: datetime) -> datetime:
    """What the portal's clock showed at a real moment."""
    anchor: Anchor | None = settings.CLOCK
    return moment if anchor is None else moment + anchor.offset


def london(moment: datetime) -> datetime:
    """The same moment as London's wall clock shows it."""
    return moment.astimezone(LONDON)
