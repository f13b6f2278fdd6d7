"""The price book: adding a price as a new row, and the second person whom a great change needs.

Totals of the past never move: a quote names its row, and a new price is a new row that is known from
now on. What KIE charges is read on its pages; each row carries the link.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from generations.catalog import ModelSpec, get_model
from generations.catalog.kinds import Choice
from generations.models import Price, PriceProposal, ProposalState
from generations.money import MICRO
from generations.services.errors import Fault, InvalidRequest, NotAllowed, WrongState
from generations.services.prices import usd_of

RIGHT_TO_ADD = "generations.add_price"
RIGHT_TO_APPROVE = "generations.approve_price"
MOST_MICRO_CREDITS = 1_000_000 * MICRO
MOST_MICRO_USD_PER_CREDIT = MICRO
LONGEST_TEXT = 500
_FARTHEST_AHEAD = timedelta(days=731)
_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
# axes' own backend knows no permissions.
_BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price as somebody gives it; `variant` is canonical ("duration=5")."""

    model: str
    variant: str
    micro_credits: int
    micro_usd_per_credit: int
    valid_from: datetime
    source_url: str = ""
    note: str = ""


def add(new: NewPrice, *, by: User, now: datetime, reason: str = "") -> Price | PriceProposal:
    """Add a price, or propose it where the change is great and a second person can look at it.

    Raises InvalidRequest as `add_at_once` does.
    """
    is_great = not _faults_of(new, reason, now) and is_great_change(new, now=now)
    if is_great and others_who_approve(by):
        return _propose(new, by, reason, now)
    return add_at_once(new, by=by, now=now, reason=reason)


def add_at_once(new: NewPrice, *, by: User | None, now: datetime, reason: str = "") -> Price:
    """Add a price without a second person: from the command line, or where there is none.

    A great change needs a reason then; it is kept in the row's note.
    Raises InvalidRequest naming each field that breaks a rule.
    """
    faults = _faults_of(new, reason, now)
    if not faults and is_great_change(new, now=now) and not reason.strip():
        faults = [_fault("/reason", "reason_required")]
    if faults:
        raise InvalidRequest(tuple(faults))
    return _write(new, by, _with_reason(new.note, reason), now)


def approve(proposal: PriceProposal, *, by: User, now: datetime) -> Price:
    """Add a proposed price, as a person other than the one who proposed it.

    Raises NotAllowed for anybody else, WrongState when it was decided before, and InvalidRequest
    when a later price has overtaken it.
    """
    if by.pk == proposal.proposed_by_id or not by.has_perm(RIGHT_TO_APPROVE):
        raise NotAllowed
    new = NewPrice(
        proposal.model,
        proposal.variant,
        proposal.micro_credits,
        proposal.micro_usd_per_credit,
        proposal.valid_from,
        proposal.source_url,
        proposal.note,
    )
    faults = _faults_of(new, proposal.reason, now)
    if faults:
        raise InvalidRequest(tuple(faults))
    with transaction.atomic():
        # Locked, so that of two approvals at once only one adds a row.
        pending = PriceProposal.objects.select_for_update().filter(
            pk=proposal.pk, state=ProposalState.PENDING
        )
        if not pending:
            raise WrongState
        price = _write(new, proposal.proposed_by, _with_reason(new.note, proposal.reason), now)
        won = PriceProposal.objects.filter(pk=proposal.pk, state=ProposalState.PENDING).update(
            state=ProposalState.APPROVED, decided_by=by, decided_at=now, price=price
        )
        if not won:
            raise WrongState
    return price


def refuse(proposal: PriceProposal, *, by: User, now: datetime) -> None:
    """Refuse a proposal; whoever made it may withdraw it. Raises NotAllowed or WrongState."""
    if by.pk != proposal.proposed_by_id and not by.has_perm(RIGHT_TO_APPROVE):
        raise NotAllowed
    pending = PriceProposal.objects.filter(pk=proposal.pk, state=ProposalState.PENDING)
    if not pending.update(state=ProposalState.REFUSED, decided_by=by, decided_at=now):
        raise WrongState


def followed(new: NewPrice, *, now: datetime) -> Price | None:
    """Answer the row that would hold from the new one's first moment on, or None."""
    since = max(new.valid_from, now)
    rows = Price.objects.filter(model=new.model, variant=new.variant, valid_from__lte=since)
    return rows.order_by("-valid_from", "-known_from", "-id").first()


def is_great_change(new: NewPrice, *, now: datetime) -> bool:
    """Tell whether a price is more than half away from the one it follows.

    160 credits after 320, or 480 after 320, are just half; 159 and 481 are more.
    """
    old = followed(new, now=now)
    if old is None:
        return False
    pairs = (
        (old.micro_credits, new.micro_credits),
        (usd_of(old.micro_credits, old), usd_of(new.micro_credits, _row(new))),
    )
    return any(abs(after - before) * 2 > before for before, after in pairs)


def others_who_approve(person: User) -> bool:
    """Tell whether somebody else who is active may approve a price."""
    holders = User.objects.with_perm(RIGHT_TO_APPROVE, backend=_BACKEND)
    return holders.exclude(pk=person.pk).exists()


def variants(spec: ModelSpec) -> tuple[str, ...]:
    """Answer every variant of a model that a price can be for, in the catalogue's order."""
    found = [""]
    for key in spec.price_keys:
        parameter = next(p for p in spec.fields if p.name == key)
        values = parameter.choices if isinstance(parameter, Choice) else ("false", "true")
        found = [f"{start}&{key}={value}".lstrip("&") for start in found for value in values]
    return tuple(found)


def _propose(new: NewPrice, by: User, reason: str, now: datetime) -> PriceProposal:
    return PriceProposal.objects.create(
        model=new.model,
        variant=new.variant,
        micro_credits=new.micro_credits,
        micro_usd_per_credit=new.micro_usd_per_credit,
        valid_from=new.valid_from,
        source_url=new.source_url,
        note=new.note,
        reason=reason.strip(),
        proposed_by=by,
        proposed_at=now,
    )


def _write(new: NewPrice, by: User | None, note: str, now: datetime) -> Price:
    row = _row(new)
    row.note, row.created_by, row.known_from = note, by, now
    row.save(force_insert=True)
    return row


def _row(new: NewPrice) -> Price:
    return Price(
        model=new.model,
        variant=new.variant,
        micro_credits=new.micro_credits,
        micro_usd_per_credit=new.micro_usd_per_credit,
        valid_from=new.valid_from,
        source_url=new.source_url,
    )


def _with_reason(note: str, reason: str) -> str:
    return " — ".join(text for text in (note.strip(), reason.strip()) if text)


def _faults_of(new: NewPrice, reason: str, now: datetime) -> list[Fault]:
    spec = get_model(new.model)
    broken = {
        ("/model", "unknown_model"): spec is None,
        ("/when", "unknown_variant"): spec is not None and new.variant not in variants(spec),
        ("/credits", "credits_out_of_bounds"): not 0 < new.micro_credits <= MOST_MICRO_CREDITS,
        ("/usd_per_credit", "rate_out_of_bounds"): not (
            0 < new.micro_usd_per_credit <= MOST_MICRO_USD_PER_CREDIT
        ),
        ("/source_url", "not_a_link"): not _is_link(new.source_url),
        ("/note", "text_too_long"): len(_with_reason(new.note, reason)) > LONGEST_TEXT,
        ("/valid_from", "not_a_sane_date"): not (
            _EARLIEST <= new.valid_from <= now + _FARTHEST_AHEAD
        ),
    }
    faults = [_fault(*key) for key, is_broken in broken.items() if is_broken]
    old = None if faults else followed(new, now=now)
    if old is not None and old.valid_from > new.valid_from:
        faults.append(_fault("/valid_from", "never_holds"))
    return faults


def _is_link(text: str) -> bool:
    is_short = len(text) <= LONGEST_TEXT and text.isprintable() and " " not in text
    return not text or (is_short and text.startswith(("https://", "http://")))


def _fault(pointer: str, code: str) -> Fault:
    ru, en = _SENTENCES[code]
    return Fault(pointer, code, {"ru": ru, "en": en})


_SENTENCES = {
    "unknown_model": ("Такой модели нет в каталоге.", "No such model."),
    "unknown_variant": (
        "У этой модели нет такого варианта.",
        "The model has no such variant.",
    ),
    "credits_out_of_bounds": (
        "Цена — больше 0 и не больше 1 000 000 кредитов.",
        "A price is more than 0 and at most 1,000,000 credits.",
    ),
    "rate_out_of_bounds": (
        "Кредит стоит больше 0 и не больше 1 доллара.",
        "A credit costs more than 0 and at most 1 dollar.",
    ),
    "not_a_link": (
        "Ссылка начинается с https:// и не длиннее 500 символов.",
        "A link starts with https:// and has at most 500 characters.",
    ),
    "text_too_long": (
        "Заметка и причина вместе — до 500 символов.",
        "The note and the reason together have at most 500 characters.",
    ),
    "not_a_sane_date": (
        "Дата — не раньше 2020 года и не дальше двух лет вперёд.",
        "The date is not before 2020 and at most two years ahead.",
    ),
    "never_holds": (
        "Уже есть цена с более поздней датой, она и действует: эта не действовала бы никогда.",
        "A price with a later date holds already, so this one would never hold.",
    ),
    "reason_required": (
        "Цена меняется более чем на 50 %: напишите причину.",
        "The price changes by more than 50%: say why.",
    ),
}
