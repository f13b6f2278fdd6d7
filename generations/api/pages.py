"""Cursor pages: the rows after, or before, a position in a fixed order. Nothing is ever counted."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from generations.api.problems import Refused, fault

MOST = 100
ORDINARY = 50
PARAMETERS = frozenset({"cursor", "page_size"})
_LONGEST_CURSOR = 400
_LARGEST_NUMBER = 2**31

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Order:
    """A column and its direction; rows of the same value follow each other by `tie`, or by nothing.

    The pair must be unique in the queryset that is ordered.
    """

    column: str
    kind: type
    descending: bool = False
    tie: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, self.tie) if self.tie else (self.column,)

    def names(self, *, backwards: bool) -> list[str]:
        sign = "-" if self.descending is not backwards else ""
        return [f"{sign}{column}" for column in self.columns]

    def after(self, position: Sequence[Any], *, backwards: bool) -> Q:
        """Answer the rows beyond a position."""
        step = "lt" if self.descending is not backwards else "gt"
        if not self.tie:
            return Q(**{f"{self.column}__{step}": position[0]})
        beyond = Q(**{f"{self.column}__{step}": position[0]})
        beyond |= Q(**{self.column: position[0], f"{self.tie}__{step}": position[1]})
        # Says the same of the first column once more: an index cannot follow an OR.
        return Q(**{f"{self.column}__{step}e": position[0]}) & beyond


@dataclass(frozen=True, slots=True)
class _Cursor:
    backwards: bool
    position: tuple[Any, ...]


def page(
    request: Request, rows: QuerySet[Row], order: Order, show: Callable[[Row], Any]
) -> dict[str, Any]:
    """Answer one page as {"next", "previous", "results"}; the links are absolute addresses, or null.

    Reads `cursor` and `page_size` of the query. Raises Refused for what is neither.
    """
    size, cursor = _size(request), _cursor(request, order)
    backwards = cursor is not None and cursor.backwards
    if cursor is not None:
        rows = rows.filter(order.after(cursor.position, backwards=backwards))
    found = list(rows.order_by(*order.names(backwards=backwards))[: size + 1])
    goes_on, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = goes_on if not backwards else True
    has_previous = goes_on if backwards else cursor is not None
    return {
        "next": _link(request, order, found[-1:], backwards=False) if has_next else None,
        "previous": _link(request, order, found[:1], backwards=True) if has_previous else None,
        "results": [show(row) for row in found],
    }


def whole(results: list[Any]) -> dict[str, Any]:
    """Answer a list that always fits one page."""
    return {"next": None, "previous": None, "results": results}


def _size(request: Request) -> int:
    value = request.query_params.get("page_size")
    if value is None:
        return ORDINARY
    if not (value.isascii() and value.isdigit() and len(value) <= 3 and 1 <= int(value) <= MOST):
        raise Refused("invalid", fault("/query/page_size", "not_a_page_size"))
    return int(value)


def _cursor(request: Request, order: Order) -> _Cursor | None:
    text = request.query_params.get("cursor")
    if text is None:
        return None
    try:
        if len(text) > _LONGEST_CURSOR:
            raise ValueError
        direction, *position = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
        kinds = (order.kind, UUID) if order.tie else (order.kind,)
        if direction not in {"next", "previous"} or len(position) != len(kinds):
            raise ValueError
        values = tuple(_value(v, kind) for v, kind in zip(position, kinds, strict=True))
        return _Cursor(direction == "previous", values)
    except (ValueError, TypeError, binascii.Error, RecursionError, OverflowError):
        raise Refused("invalid", fault("/query/cursor", "not_a_cursor")) from None


def _value(value: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if kind is UUID:
        return UUID(value)
    if kind is int and type(value) is int and 0 <= value < _LARGEST_NUMBER:
        return value
    raise ValueError


def _link(request: Request, order: Order, edge: Sequence[Model], *, backwards: bool) -> str | None:
    if not edge:
        return None
    values = [getattr(edge[0], column) for column in order.columns]
    written = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    written = [str(v) if isinstance(v, UUID) else v for v in written]
    text = json.dumps(["previous" if backwards else "next", *written], separators=(",", ":"))
    cursor = base64.urlsafe_b64encode(text.encode()).decode()
    return replace_query_param(request.build_absolute_uri(), "cursor", cursor)
