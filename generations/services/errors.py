"""What may be refused, and why. Each carries a stable code and, for people, a sentence.

PlatformError
├── InvalidRequest      the request breaks rules; `violations` name the fields
├── NotAllowed          the person lacks the right, or needs a second person for it
├── NotFound            what the request names does not exist, or not for this user
├── BudgetExceeded      a hard budget has no room for the quote; `budget` names it, and says what is left
├── PriceMissing        no price is known, so nothing may be sent
├── WrongState          the generation's status does not allow it
├── KeyReused           an idempotency key came back with another body
├── DecisionRefused     a person's decision is not to be had (yet); `until` says when it may be
├── KeyInUse            the first request with an idempotency key still runs
└── PictureRefused      an uploaded picture breaks the rules for pictures
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from generations.money import usd_short


class PlatformError(Exception):
    """An anticipated refusal; nothing was stored and nothing was spent."""

    code = "error"
    sentence: str | Promise = _("This cannot be done.")

    def __str__(self) -> str:
        return str(self.sentence)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field: a JSON pointer, a stable code, a sentence in each language."""

    pointer: str
    code: str
    sentences: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        return self.sentences.get(language) or self.sentences.get("ru", self.code)


class InvalidRequest(PlatformError):
    code = "invalid"
    sentence = _("The request breaks the rules of the fields named.")

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__()
        self.faults = faults


class NotAllowed(PlatformError):
    code = "permission_denied"
    sentence = _("You do not have the right to do this, or a second person has to do it.")


class NotFound(PlatformError):
    code = "not_found"
    sentence = _("There is nothing under this name.")


class BudgetExceeded(PlatformError):
    code = "budget_exceeded"
    sentence = _(
        "The budget %(budget)s has $%(left)s left of $%(limit)s, and this costs $%(cost)s, "
        "so nothing was sent."
    )

    def __init__(
        self, budget: str, *, left_micro_usd: int, limit_micro_usd: int, cost_micro_usd: int
    ) -> None:
        super().__init__()
        self.budget = budget
        self.left_micro_usd = left_micro_usd
        self.limit_micro_usd = limit_micro_usd
        self.cost_micro_usd = cost_micro_usd

    def __str__(self) -> str:
        return str(self.sentence) % {
            "budget": self.budget,
            "left": usd_short(max(0, self.left_micro_usd)),
            "limit": usd_short(self.limit_micro_usd),
            "cost": usd_short(self.cost_micro_usd),
        }


class PriceMissing(PlatformError):
    code = "price_missing"
    sentence = _("No price is known for this model and these parameters, so nothing was sent.")


class WrongState(PlatformError):
    code = "wrong_state"
    sentence = _("The generation's status does not allow this.")


class KeyReused(PlatformError):
    code = "idempotency_key_reused"
    sentence = _("This Idempotency-Key was used with another request.")


class DecisionRefused(PlatformError):
    code = "decision_refused"

    def __init__(self, why: str | Promise, *, until: datetime | None = None) -> None:
        super().__init__()
        self.sentence = why
        self.until = until


class KeyInUse(PlatformError):
    code = "request_in_progress"


class PictureRefused(PlatformError):
    code = "picture_refused"

    def __init__(self, code: str, sentences: Mapping[str, str]) -> None:
        super().__init__()
        self.fault = Fault(pointer="/file", code=code, sentences=sentences)
