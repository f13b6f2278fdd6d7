"""Judge a request's parameters: the normalised input, or every rule that it breaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generations.catalog.kinds import Parameter
from generations.catalog.messages import Notice, Violation, field_name, type_name
from generations.catalog.spec import ModelSpec

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Validation:
    """The verdict on a payload: `input` is None exactly when there are violations."""

    input: dict[str, Any] | None
    violations: tuple[Violation, ...]
    warnings: tuple[Notice, ...]

    @property
    def ok(self) -> bool:
        """True when the payload breaks no rule."""
        return not self.violations


def validate(
    spec: ModelSpec,
    payload: object,
    *,
    later: frozenset[str] = _NOTHING,
    partial: bool = False,
) -> Validation:
    """Answer the normalised input or all violations, fields in the spec's order, then unknown ones.

    `later` names required fields that are filled afterwards (an uploaded picture's address): absent
    or null they are no violation and stand as None; given, they are judged as usual. With `partial`
    (a preset) only the keys given are judged and answered, and nothing is defaulted.

    Never raises for JSON-like payloads and never changes one. Normalising twice equals once.
    """
    if type(payload) is not dict:
        if not isinstance(payload, Mapping):
            wrong = {"expected": "object", "received_type": type_name(payload)}
            return Validation(None, (Violation("", "invalid_type", wrong),), ())
        payload = dict(payload)
    output: dict[str, Any] = {}
    violations: list[Violation] = []
    notices: list[Notice] = []
    for parameter in spec.fields:
        name = parameter.name
        value = payload.get(name)
        if value is None:
            if not partial:
                _fill(parameter, output, violations, later)
            continue
        judged = parameter.judge(value)
        if type(judged) is Violation:
            violations.append(judged)
            continue
        output[name] = judged
        notice = parameter.notice(judged)
        if notice is not None:
            notices.append(notice)
    if not payload.keys() <= spec.names:
        violations += _unknown(spec, payload)
    return Validation(None if violations else output, tuple(violations), tuple(notices))


def build_input(spec: ModelSpec, payload: object) -> tuple[dict[str, Any], str | None]:
    """Answer (input, None), or ({}, the first violation's sentence in Russian)."""
    verdict = validate(spec, payload)
    if verdict.input is None:
        return {}, verdict.violations[0].message("ru")
    return verdict.input, None


def _fill(
    parameter: Parameter,
    output: dict[str, Any],
    violations: list[Violation],
    later: frozenset[str],
) -> None:
    name = parameter.name
    if not parameter.required:
        if parameter.default is not None:
            output[name] = parameter.default
    elif name in later:
        output[name] = None
    else:
        violations.append(Violation(name, "required", {}, parameter.hint))


def _unknown(spec: ModelSpec, payload: Mapping[Any, object]) -> list[Violation]:
    # Refused even when null: a misspelt "duration" must not quietly buy the default one.
    params = {"model": spec.id, "allowed": ", ".join(p.name for p in spec.fields)}
    return [
        Violation(field_name(key), "unknown_field", params)
        for key in payload
        if key not in spec.names
    ]
