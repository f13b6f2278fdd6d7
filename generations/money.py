"""Money as whole numbers: micro-credits and micro-dollars, a million to the credit or dollar.

Sums of whole numbers are exact in Python and in every database; text and Decimal are for the edges.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

MICRO: Final = 1_000_000
_STEP: Final = Decimal("0.000001")
# What a 64-bit column holds, rounded down: a greater amount is a mistake, not money.
_LIMIT: Final = Decimal(9_000_000_000_000)
# Its own context: a caller's decimal context must not change an amount.
_DECIMALS: Final = Context(prec=40, traps=[InvalidOperation])
_PLAIN_DECIMAL: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def micro(amount: Decimal | str) -> int:
    """Answer an amount of credits or dollars in millionths, rounded half up (away from zero).

        >>> micro("160"), micro(Decimal("22.5")), micro("0.8000")
        (160000000, 22500000, 800000)
        >>> micro("0.0000005"), micro("0.00000049"), micro("-0.0000005")
        (1, 0, -1)

    Raises ValueError for text that is no plain decimal such as "160.00", for NaN and infinities,
    and for amounts beyond nine million million; TypeError for a float, whose pennies are not exact.
    """
    if isinstance(amount, str):
        if not _PLAIN_DECIMAL.fullmatch(amount):
            raise ValueError(f"not a plain decimal amount: {amount[:80]!r}")
        amount = Decimal(amount)
    elif isinstance(amount, bool) or not isinstance(amount, Decimal | int):
        raise TypeError(f"an amount is a Decimal or text, not {type(amount).__name__}")
    exact = Decimal(amount)
    if not exact.is_finite() or not -_LIMIT <= exact <= _LIMIT:
        raise ValueError("an amount is finite and within nine million million")
    return int(exact.quantize(_STEP, ROUND_HALF_UP, _DECIMALS).scaleb(6, _DECIMALS))


def usd_at(micro_credits: int, micro_usd_per_credit: int) -> int:
    """Answer micro-dollars for micro-credits at a rate, rounded half up.

    >>> usd_at(160_000_000, 5_000), usd_at(1, 500_000), usd_at(1, 499_999)
    (800000, 1, 0)
    """
    return (micro_credits * micro_usd_per_credit + MICRO // 2) // MICRO


def credits_text(micro_credits: int) -> str:
    """Answer micro-credits as text with two places, and up to six when they are needed.

    >>> credits_text(160_000_000), credits_text(22_500_000), credits_text(1_234_567)
    ('160.00', '22.50', '1.234567')
    """
    return _text(micro_credits, places=2)


def usd_text(micro_usd: int) -> str:
    """Answer micro-dollars as text with four places, and up to six when they are needed.

    >>> usd_text(800_000), usd_text(112_500), usd_text(5), usd_text(-800_000)
    ('0.8000', '0.1125', '0.000005', '-0.8000')
    """
    return _text(micro_usd, places=4)


def usd_short(micro_usd: int) -> str:
    """Answer micro-dollars for sentences: two places, and more only when they are needed.

    >>> usd_short(800_000), usd_short(112_500), usd_short(12_000_000)
    ('0.80', '0.1125', '12.00')
    """
    return _text(micro_usd, places=2)


def _text(amount: int, *, places: int) -> str:
    whole, fraction = divmod(abs(amount), MICRO)
    digits = f"{fraction:06}".rstrip("0").ljust(places, "0")
    return f"{'-' if amount < 0 else ''}{whole}.{digits}"
