"""The prices that hold at a moment."""

from datetime import datetime

from generations.models import Price


def current(*, now: datetime) -> tuple[Price, ...]:
    """Answer the price that holds for each model and variant, by model and variant.

    It is the latest that is valid and known by then: what a request made now is quoted by.
    """
    rows = Price.objects.filter(valid_from__lte=now, known_from__lte=now).order_by(
        "model", "variant", "valid_from", "known_from", "id"
    )
    return tuple({(row.model, row.variant): row for row in rows}.values())
