"""One moment of the database, for reading only: the database itself refuses every write meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Read within this block from one unchanging moment, without keeping writers waiting."""
    if connection.vendor == "sqlite":
        with _sqlite():
            yield
        return
    is_inner = connection.in_atomic_block
    with transaction.atomic():
        isolation = "" if is_inner else "ISOLATION LEVEL REPEATABLE READ, "
        _run(f"SET TRANSACTION {isolation}READ ONLY")
        yield


@contextmanager
def _sqlite() -> Iterator[None]:
    # The platform's transactions take the right to write at once; a reader of WAL needs none.
    database = cast(Any, connection)
    connection.ensure_connection()  # which is what reads the mode from the settings
    mode = database.transaction_mode
    _run("PRAGMA query_only = ON")
    database.transaction_mode = "DEFERRED"
    try:
        with transaction.atomic():
            yield
    finally:
        database.transaction_mode = mode
        _run("PRAGMA query_only = OFF")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
