"""Writes the audit, in the transaction of the act itself."""

from datetime import datetime
from typing import Any

from forum.audit.models import AuditEntry


def record(verb: str, *, by: int | None, about: str = "", **facts: Any) -> AuditEntry:
    """Keeps that someone did something.

    Shape: `by` is a person's id, nothing for the portal itself; moments among the facts are kept as ISO 8601.
    """
    kept = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in facts.items()
    }
    return AuditEntry.objects.create(verb=verb, by_id=by, about=about, facts=kept)
