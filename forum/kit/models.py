"""The base of every table that people's acts fill, and how their rows are saved."""

from collections.abc import Collection

from django.db import IntegrityError, models, transaction

from forum.kit import clock


class Stamped(models.Model):
    """A row that knows when it was made, by the portal's clock."""

    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True


def keep(row: models.Model, *, exclude: Collection[str] = ()) -> None:
    """Saves a row whose constraints have spoken.

    Errors: ValidationError, also when somebody else took the name or the address in the same instant.
    """
    row.full_clean(exclude=set(exclude))
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        row.full_clean(exclude=set(exclude))  # sees the other row now, and says so
        raise
