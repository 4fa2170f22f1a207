"""Writes many rows at once, by the database's own way for that."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models
from psycopg import sql
from psycopg.types.json import Jsonb


def store(rows: Sequence[models.Model]) -> None:
    """Puts new rows of one table into the database, in their order; their keys are the database's to give."""
    if not rows:
        return
    table = rows[0]._meta
    fields = [field for field in table.concrete_fields if not field.primary_key]
    columns = [sql.Identifier(str(field.column)) for field in fields]
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.db_table), sql.SQL(", ").join(columns)
    )
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        for row in rows:
            copy.write_row([_value(row, field) for field in fields])


def _value(row: models.Model, field: "models.Field[Any, Any]") -> Any:
    value = getattr(row, field.attname)
    return Jsonb(value) if isinstance(field, models.JSONField) and value is not None else value
