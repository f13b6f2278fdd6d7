"""What the audit finds: one row that breaks one invariant, in a plain sentence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from generations.models import Generation


@dataclass(frozen=True, slots=True)
class Finding:
    """`invariant` is its number in the design ("I20"); `row` is the row's key, or "" for the table."""

    invariant: str
    table: str
    row: str
    sentence: str


CHUNK = 5000
Check = Callable[[datetime], Iterator[Finding]]


def finding(invariant: str, model: type[Model], row: Any, sentence: str) -> Finding:
    """Make a finding about a row of a model."""
    return Finding(invariant, model._meta.db_table, str(row), sentence)


def beside(
    columns: Sequence[str], grouped: QuerySet[Any, Any]
) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Answer every generation's columns, "pk" among them, with its row of a query grouped by it.

    Both are read side by side in the keys' order: joining and grouping in the database takes thrice
    as long. None stands for a generation that the query does not have.
    """
    groups = grouped.order_by("generation_id").iterator(chunk_size=CHUNK)
    group = next(groups, None)
    for row in Generation.objects.order_by("pk").values(*columns).iterator(chunk_size=CHUNK):
        while group and (group["generation_id"] is None or group["generation_id"] < row["pk"]):
            group = next(groups, None)
        yield row, group if group and group["generation_id"] == row["pk"] else None
