"""Writes the audit, in the transaction of the act itself."""

from datetime import datetime
from typing import Any

from forum.audit.models import AuditEntry
from forum.kit import clock


def record(
    verb: str, *, by: int | None, about: str = "", at: datetime | None = None, **facts: Any
) -> AuditEntry:
    """Keeps that someone did something.

    Shape: `by` is a person's id, nothing for the portal itself; `at` is the portal's moment, now unless given;
    moments among the facts are kept as ISO 8601.
    """
    kept = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in facts.items()
    }
    return AuditEntry.objects.create(verb=verb, by_id=by, about=about, at=at or clock.now(), facts=kept)
