"""How rows look in JSON. The names and their order are the outer interface's."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from generations.api.sentences import FAILURES
from generations.catalog import ModelSpec, Notice, input_schema
from generations.models import (
    Generation,
    GenerationEvent,
    LedgerEntry,
    Preset,
    PresetVersion,
    Price,
    SourceImage,
    Status,
    Video,
    VideoState,
)
from generations.money import credits_text, usd_text
from generations.services.budget_standing import Standing
from generations.services.budgets import Left
from generations.services.prices import Quote, usd_of


def generation(row: Generation, language: str) -> dict[str, Any]:
    version = row.preset_version
    return {
        "id": str(row.pk),
        "status": str(row.status),
        "provider_state": row.provider_state or None,
        "model": row.model,
        "input": row.wire_input,
        "warnings": warnings(row.warnings, language),
        "image": image(row.image) if row.image else None,
        "preset": {"slug": version.preset.slug, "version": version.version} if version else None,
        "project": row.project.slug if row.project else None,
        "tags": sorted(tag.name for tag in row.tags.all()),
        "note": row.note,
        "quote": {
            "credits": credits_text(row.quote_micro_credits),
            "usd": usd_text(row.quote_micro_usd),
            "price": row.price_id,
        },
        "cost": {
            "credits": _or_none(credits_text, row.cost_micro_credits),
            "usd": _or_none(usd_text, row.cost_micro_usd),
            "evidence": str(row.cost_evidence),
        },
        "provider_task_id": row.provider_task_id,
        "failure": _failure(row, language),
        "video": _video(getattr(row, "video", None)),
        "retry_of": str(row.retry_of_id) if row.retry_of_id else None,
        "created_by": row.created_by.get_username(),
        "created_at": moment(row.created_at),
        "submitted_at": moment(row.submitted_at),
        "finished_at": moment(row.finished_at),
    }


def event(row: GenerationEvent) -> dict[str, Any]:
    return {
        "at": moment(row.at),
        "actor": row.actor,
        "kind": str(row.kind),
        "from": str(row.from_status) or None,
        "to": str(row.to_status) or None,
        "detail": row.detail,
    }


def image(row: SourceImage) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "width": row.width,
        "height": row.height,
        "bytes": row.bytes,
        "mime": row.mime,
        "sha256": row.sha256,
    }


def preset(row: Preset) -> dict[str, Any]:
    newest = row.versions.all()[0]
    return {
        "slug": row.slug,
        "name": row.name,
        "model": row.model,
        "input": newest.input,
        "version": newest.version,
        "shared": row.is_shared,
        "owner": row.owner.get_username(),
        "created_at": moment(row.created_at),
        "changed_at": moment(newest.created_at),
    }


def preset_version(row: PresetVersion) -> dict[str, Any]:
    return {
        "version": row.version,
        "input": row.input,
        "created_by": row.created_by.get_username(),
        "created_at": moment(row.created_at),
    }


def price(row: Price) -> dict[str, Any]:
    return {
        "id": row.pk,
        "model": row.model,
        "when": dict(pair.split("=", 1) for pair in row.variant.split("&") if pair),
        "credits": credits_text(row.micro_credits),
        "usd": usd_text(usd_of(row.micro_credits, row)),
        "usd_per_credit": usd_text(row.micro_usd_per_credit),
        "valid_from": moment(row.valid_from),
        "known_from": moment(row.known_from),
        "source_url": row.source_url,
        "note": row.note,
    }


def budget(row: Standing) -> dict[str, Any]:
    forecast = row.forecast
    return {
        "name": row.budget.name,
        "period": row.left.period,
        **_limit_and_left(row.left),
        "held_usd": usd_text(row.left.held_micro_usd),
        "spent_usd": usd_text(row.left.spent_micro_usd),
        "hard": row.budget.is_hard,
        "warn_at_percent": row.budget.warn_at_percent,
        "raises": [
            {"usd": usd_text(r.micro_usd), "ends_at": moment(r.ends_at), "reason": r.reason}
            for r in row.raises
        ],
        "forecast": None
        if forecast is None
        else {
            "usd_per_day": usd_text(forecast.pace_micro_usd_per_day),
            "month_end_usd": usd_text(forecast.projected_micro_usd),
            "exhausted_at": moment(forecast.exhausted_at),
        },
    }


def budget_after(left: Left, quote_micro_usd: int) -> dict[str, Any]:
    after = usd_text(left.left_micro_usd - quote_micro_usd)
    return {"name": left.budget.name, **_limit_and_left(left), "left_after_usd": after}


def ledger_entry(row: LedgerEntry) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": moment(row.at),
        "transaction": str(row.posting),
        "generation": str(row.generation_id) if row.generation_id else None,
        "account": str(row.account),
        "credits": credits_text(row.micro_credits),
        "usd": usd_text(row.micro_usd),
        "evidence": str(row.evidence),
        "actor": row.actor,
        "note": row.note,
    }


def _limit_and_left(left: Left) -> dict[str, str]:
    return {
        "limit_usd": usd_text(left.limit_micro_usd),
        "left_usd": usd_text(left.left_micro_usd),
    }


def model(spec: ModelSpec, prices: Iterable[Price]) -> dict[str, Any]:
    return {
        "id": spec.id,
        "title": spec.title,
        "kind": spec.kind,
        "result": spec.result,
        "docs_url": spec.docs_url,
        "docs_read_on": spec.docs_read_on.isoformat(),
        "input_schema": input_schema(spec),
        "prices": [price(row) for row in prices if row.model == spec.id],
    }


def notices(found: Iterable[Notice], language: str) -> list[dict[str, str]]:
    return warnings([{"code": n.code, "messages": n.messages} for n in found], language)


def quote(found: Quote) -> dict[str, Any]:
    return {
        "credits": credits_text(found.micro_credits),
        "usd": usd_text(found.micro_usd),
        "price": found.price.pk,
    }


def warnings(found: Iterable[Mapping[str, Any]], language: str) -> list[dict[str, str]]:
    """Show stored warnings, each {"code", "messages": {language: sentence}}."""
    return [
        {"code": w["code"], "detail": w["messages"].get(language) or w["messages"].get("ru", "")}
        for w in found
    ]


def moment(at: datetime | None) -> str | None:
    """Write a moment in UTC with Z and microseconds; None stays None."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _failure(row: Generation, language: str) -> dict[str, Any] | None:
    if row.status != Status.FAILED:
        return None
    ru, en = FAILURES[row.failure_code]
    sentence = en if language == "en" else ru
    # What the provider said has a place of its own.
    own = "" if row.failure_detail == row.provider_message else row.failure_detail
    return {
        "code": str(row.failure_code),
        "detail": f"{sentence} {own}".strip(),
        "provider_code": row.provider_code or None,
        "provider_message": row.provider_message or None,
    }


def _video(row: Video | None) -> dict[str, Any] | None:
    """Show our copy; it has an address, a size and a hash once it is archived."""
    if row is None:
        return None
    is_there = row.state == VideoState.ARCHIVED
    return {
        "state": str(row.state),
        "url": reverse("api:video", args=[row.pk]) if is_there else None,
        "bytes": row.bytes,
        "sha256": row.sha256 or None,
        "duration_s": row.duration_s,
    }


def _or_none(write: Any, amount: int | None) -> str | None:
    return None if amount is None else write(amount)
