"""Lifting the database's refusals: to empty it between tests, and to plant what audit must find.

The ledger, the trail, prices and versions refuse to be changed or deleted by triggers. Only tests may
set them aside.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations

_flush = BaseDatabaseOperations.execute_sql_flush


@contextmanager
def lifted(database: Any = connection) -> Iterator[None]:
    """Set every trigger of the database aside, in one transaction; afterwards all are back."""
    with transaction.atomic(using=database.alias):
        if database.vendor == "postgresql":
            # Checks that still wait for the end of the transaction would keep tables from changing.
            _run(database, ["SET CONSTRAINTS ALL IMMEDIATE"])
            tables = _answer(database, _POSTGRESQL_TABLES)
            off = [f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for (table,) in tables]
            on = [f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for (table,) in tables]
        else:
            triggers = _answer(database, "SELECT name, sql FROM sqlite_master WHERE type='trigger'")
            off = [f'DROP TRIGGER "{name}"' for name, _ in triggers]
            on = [sql for _, sql in triggers]
        _run(database, off)
        yield
        if database.vendor == "postgresql":
            _run(database, ["SET CONSTRAINTS ALL IMMEDIATE"])
        _run(database, on)


def flush(self: BaseDatabaseOperations, sql_list: Sequence[str]) -> None:
    """Empty the tables as Django does after a test with real commits, triggers set aside meanwhile."""
    database: BaseDatabaseWrapper = self.connection
    with lifted(database):
        _flush(self, sql_list)


_POSTGRESQL_TABLES = (
    "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    " WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace"
)


def _answer(database: Any, statement: str) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _run(database: Any, statements: Sequence[str]) -> None:
    with database.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
