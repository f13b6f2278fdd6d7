"""What may be changed while the simulator runs.

Where KIE's documents and recordings disagree there is a switch; the default is what was recorded.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any


class BadSetting(ValueError):
    """The setting is unknown, or its value is not one of the allowed ones."""


def _job_seconds() -> dict[str, float]:
    # 127 s and 137 s were measured for 5 s clips; nothing is known of 10 s clips but "longer".
    return {"5": 130.0, "10": 210.0}


def _prices() -> dict[str, float]:
    return {"5": 160.0, "10": 320.0}


@dataclass(frozen=True, slots=True)
class Settings:
    """The behaviour of the account and its hosts; seconds are real unless said otherwise."""

    api_key: str | None = None  # None: any non-empty bearer token will do
    hmac_key: str | None = None
    creates_per_10s: int = 20  # 0 switches a limit off
    reads_per_second: int = 10
    catalogue_per_second: int = 1
    limit_http_status: int = 200
    auth_http_status: int = 200
    no_credit_code: int = 402
    validation_code: int = 0  # 0: 500 or 422 as recorded for that text
    unknown_fields: str = "drop"
    unknown_task_code: int = 422
    visible_after_s: float = 0.0
    refund: str = "refund"
    prices: dict[str, float] = field(default_factory=_prices)
    job_seconds: dict[str, float] = field(default_factory=_job_seconds)  # simulated
    jitter: float = 0.1
    generating_share: float = 0.3
    callbacks: str = "send"
    callback_timeout_s: float = 15.0
    callback_retries: int = 3
    callback_retry_s: float = 5.0  # simulated
    result_ttl_s: float = 14 * 86400.0
    link_ttl_s: float = 20 * 60.0
    upload_ttl_s: float = 86400.0
    block_library_agents: bool = False
    echo_adds_defaults: bool = False

    def changed(self, changes: Mapping[str, Any]) -> "Settings":
        """Will return a copy with the changes; ``job_seconds`` also takes one number for all.

        Raises BadSetting for an unknown name or a value that is not allowed.
        """
        known = {each.name for each in fields(self)}
        new: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in known:
                raise BadSetting(f"unknown setting {name!r}; known: {', '.join(sorted(known))}")
            new[name] = _accepted(name, value, getattr(self, name))
        return replace(self, **new)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


_CHOICES: dict[str, tuple[object, ...]] = {
    "refund": ("refund", "keep"),
    "callbacks": ("send", "never"),
    "unknown_fields": ("drop", "refuse"),
    "limit_http_status": (200, 429),
    "auth_http_status": (200, 401),
    "no_credit_code": (402, 500),
    "validation_code": (0, 422, 500),
    "unknown_task_code": (422, 404),
}


def _accepted(name: str, value: Any, current: Any) -> Any:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise BadSetting(f"{name} must be one of {_CHOICES[name]}, not {value!r}")
        return value
    if name in ("api_key", "hmac_key"):
        if value is None or (isinstance(value, str) and value):
            return value
    elif isinstance(current, dict):
        return _per_duration(name, value, current)
    elif isinstance(current, bool):
        if isinstance(value, bool):
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return type(current)(value)
    raise BadSetting(f"{name} cannot be {value!r}")


def _per_duration(name: str, value: Any, current: dict[str, float]) -> dict[str, float]:
    given = dict.fromkeys(current, value) if isinstance(value, int | float) else value
    if not isinstance(given, dict) or not set(given) <= set(current):
        raise BadSetting(f"{name} must be a number or an object with the keys {sorted(current)}")
    for each in given.values():
        if isinstance(each, bool) or not isinstance(each, int | float) or each < 0:
            raise BadSetting(f"{name} must hold numbers of at least 0, not {each!r}")
    return current | {key: float(each) for key, each in given.items()}
