"""Every write about guides that somebody asks for."""

from django.db import transaction

from forum.audit import record as audit
from members.models import Person
from publications.models import Guide


@transaction.atomic
def keep_guide(guide: Guide, *, by: Person) -> Guide:
    """Saves what a chair wrote about a guide."""
    new = guide.pk is None
    guide.full_clean()
    guide.save()
    audit.record("publications.added" if new else "publications.edited", by=by.pk, about=f"guide:{guide.pk}")
    return guide
