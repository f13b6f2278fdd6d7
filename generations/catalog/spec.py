"""What is known of one KIE model: its parameters, where that is documented, its first prices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from generations.catalog.kinds import Parameter
from generations.catalog.messages import Violation


class FirstPrice(NamedTuple):
    """A price known when the model was described: credits for an input that matches `when`."""

    when: Mapping[str, object]
    credits: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One KIE model as data. Raises ValueError when the data contradict themselves.

    `kind` is the log line's TYPE: i2v (picture to video) or t2v (text to video).
    """

    id: str
    title: str
    fields: tuple[Parameter, ...]
    docs_url: str
    docs_read_on: date
    prices: tuple[FirstPrice, ...]
    usd_per_credit: Decimal
    price_keys: tuple[str, ...] = ("duration",)
    kind: str = "i2v"
    result: str = "video"
    names: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(f.name for f in self.fields))
        if len(self.names) != len(self.fields):
            raise ValueError(f"{self.id}: a parameter is named twice")
        by_name = {f.name: f for f in self.fields}
        for key in self.price_keys:
            parameter = by_name.get(key)
            if parameter is None or not parameter.is_finite:
                raise ValueError(f"{self.id}: no price can depend on {key!r}")
            if not parameter.required and parameter.default is None:
                raise ValueError(f"{self.id}: {key!r} decides the price, so it needs a default")
        for parameter in self.fields:
            self._check_default(parameter)
        for price in self.prices:
            if tuple(price.when) != self.price_keys or price.credits <= 0:
                raise ValueError(f"{self.id}: the price {price} does not fit {self.price_keys}")

    def _check_default(self, parameter: Parameter) -> None:
        if parameter.default is None:
            return
        judged = parameter.judge(parameter.default)
        # A default that is not in normal form would break "normalising twice equals once".
        if isinstance(judged, Violation) or repr(judged) != repr(parameter.default):
            raise ValueError(f"{self.id}: the default of {parameter.name!r} breaks its own rule")


def price_variant(spec: ModelSpec, model_input: Mapping[str, object]) -> str:
    """Answer which price a normalised input has, such as "duration=5" or "duration=5&sound=false".

    Built from the very values that are sent, in the order of the spec's price keys. Raises KeyError
    when a price key is missing: a price is never guessed.
    """
    return "&".join(f"{key}={_written(model_input[key])}" for key in spec.price_keys)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
