"""Asking for a generation: judge it, price it, store it, ring the bell. Spends nothing yet."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from generations import queue
from generations.catalog import ModelSpec, Notice, Validation, get_model, validate
from generations.models import (
    ApiToken,
    EventKind,
    Generation,
    GenerationEvent,
    PresetVersion,
    Project,
    Tag,
)
from generations.models.image import SourceImage
from generations.models.posting import post_hold
from generations.money import credits_text
from generations.services import budgets, presets, prices
from generations.services.errors import Fault, InvalidRequest
from generations.services.periods import period_of

DEFAULT_MODEL = "kling/v2-1-master-image-to-video"
MOST_TAGS = 20
LONGEST_TAG = 60
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What somebody asks for, as the edges hand it down; nothing of it has been judged."""

    input: Any = field(default_factory=dict)
    model: str | None = None
    preset: str | None = None
    image_id: UUID | None = None
    project: str | None = None
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class JudgedRequest:
    """A request that breaks no rule, with its price. `input` has all five keys."""

    spec: ModelSpec
    input: dict[str, Any]
    notices: tuple[Notice, ...]
    image: SourceImage | None
    preset_version: PresetVersion | None
    project: Project | None
    tags: tuple[str, ...]
    note: str
    quote: prices.Quote


def judge(request: GenerationRequest, *, user: User, now: datetime) -> JudgedRequest:
    """Judge and price a request without storing anything.

    Raises InvalidRequest with every fault found, or PriceMissing.
    """
    faults: list[Fault] = []
    preset_version = _preset(request, user, faults)
    spec = _model(request, preset_version, faults)
    image = _image(request, user, faults)
    project = _project(request, faults)
    _check_words(request, faults)
    merged = presets.merge(preset_version, request.input)
    later = frozenset({"image_url"}) if request.image_id else frozenset()
    if spec is not None:
        verdict = validate(spec, merged, later=later)
        faults += _faults_of(verdict)
    if faults or spec is None or verdict.input is None:
        raise InvalidRequest(tuple(faults))
    return JudgedRequest(
        spec=spec,
        input=verdict.input,
        notices=verdict.warnings,
        image=image,
        preset_version=preset_version,
        project=project,
        tags=tuple(dict.fromkeys(tag.strip() for tag in request.tags)),
        note=request.note.strip(),
        quote=prices.quote(spec=spec, request_input=verdict.input, now=now),
    )


def create(
    judged: JudgedRequest,
    *,
    user: User,
    now: datetime,
    token: ApiToken | None = None,
    retry_of: Generation | None = None,
    notices: tuple[Notice, ...] = (),
) -> Generation:
    """Store a judged request as a queued generation with its quote frozen and held; ring the bell.

    `token` is the one that the request came with; `notices` are warnings besides the rules' own.
    Raises BudgetExceeded, and then stores nothing.
    """
    frozen = json.dumps(judged.input, ensure_ascii=False, sort_keys=True)
    with transaction.atomic():
        generation = Generation.objects.create(
            created_by=user,
            created_at=now,
            model=judged.spec.id,
            input=judged.input,
            input_sha256=hashlib.sha256(frozen.encode()).hexdigest(),
            prompt_start=judged.input["prompt"][:200],
            warnings=[
                {"code": n.code, "messages": dict(n.messages)} for n in (*judged.notices, *notices)
            ],
            image=judged.image,
            preset_version=judged.preset_version,
            project=judged.project,
            note=judged.note,
            retry_of=retry_of,
            period=period_of(now),
            token=token,
            price=judged.quote.price,
            quote_micro_credits=judged.quote.micro_credits,
            quote_micro_usd=judged.quote.micro_usd,
            dispatch_at=now,
        )
        if judged.tags:
            generation.tags.set([Tag.objects.get_or_create(name=tag)[0] for tag in judged.tags])
        GenerationEvent.objects.create(
            generation=generation,
            seq=generation.version,
            at=now,
            actor=user.get_username(),
            kind=EventKind.REQUESTED,
            to_status=generation.status,
            detail={"quote_credits": credits_text(judged.quote.micro_credits)}
            | ({"retry_of": str(retry_of.pk)} if retry_of else {}),
        )
        budgets.reserve(generation, now=now)
        post_hold(generation, actor=user.get_username(), now=now)
        queue.ring(queue.Task.SUBMIT)
    return generation


def _faults_of(verdict: Validation) -> list[Fault]:
    return [
        Fault(f"/input/{v.field}" if v.field else "/input", v.code, v.messages)
        for v in verdict.violations
    ]


def _fault(pointer: str, code: str, ru: str, en: str) -> Fault:
    return Fault(pointer, code, {"ru": ru, "en": en})


def _preset(request: GenerationRequest, user: User, faults: list[Fault]) -> PresetVersion | None:
    if not request.preset:
        return None
    version = presets.usable(user=user, slug=request.preset)
    if version is None:
        faults.append(
            _fault(
                "/preset",
                "unknown_preset",
                "Такого пресета нет или он вам недоступен.",
                "There is no such preset, or it is not yours to use.",
            )
        )
    return version


def _model(
    request: GenerationRequest, preset_version: PresetVersion | None, faults: list[Fault]
) -> ModelSpec | None:
    of_preset = preset_version.preset.model if preset_version else None
    model_id = request.model or of_preset or DEFAULT_MODEL
    spec = get_model(model_id)
    if spec is None:
        faults.append(
            _fault("/model", "unknown_model", "Такой модели нет в каталоге.", "No such model.")
        )
    elif of_preset and of_preset != spec.id:
        faults.append(
            _fault(
                "/preset",
                "preset_of_another_model",
                f"Пресет сделан для модели {of_preset}.",
                f"The preset is for the model {of_preset}.",
            )
        )
    return spec


def _image(request: GenerationRequest, user: User, faults: list[Fault]) -> SourceImage | None:
    if request.image_id is None:
        return None
    if isinstance(request.input, Mapping) and request.input.get("image_url") is not None:
        faults.append(
            _fault(
                "/image",
                "two_pictures",
                "Укажите либо загруженную картинку, либо её адрес, но не оба сразу.",
                "Give either an uploaded picture or its address, not both.",
            )
        )
    image = SourceImage.objects.filter(pk=request.image_id)
    if not user.has_perm("generations.view_all_generations"):
        image = image.filter(owner=user)
    found = image.first()
    if found is None:
        faults.append(
            _fault(
                "/image",
                "unknown_image",
                "Такой загруженной картинки нет.",
                "There is no such uploaded picture.",
            )
        )
    return found


def _project(request: GenerationRequest, faults: list[Fault]) -> Project | None:
    if not request.project:
        return None
    project = Project.objects.filter(slug=request.project, archived_at__isnull=True).first()
    if project is None:
        faults.append(
            _fault(
                "/project", "unknown_project", "Такого проекта нет.", "There is no such project."
            )
        )
    return project


def _check_words(request: GenerationRequest, faults: list[Fault]) -> None:
    if len(request.tags) > MOST_TAGS:
        faults.append(
            _fault(
                "/tags",
                "too_many",
                f"Меток может быть не больше {MOST_TAGS}.",
                f"At most {MOST_TAGS} tags.",
            )
        )
    for number, tag in enumerate(request.tags):
        if not tag.strip() or len(tag) > LONGEST_TAG or not _is_plain(tag):
            faults.append(
                _fault(
                    f"/tags/{number}",
                    "invalid_tag",
                    f"Метка — от 1 до {LONGEST_TAG} обычных символов.",
                    f"A tag has 1 to {LONGEST_TAG} ordinary characters.",
                )
            )
    if len(request.note) > LONGEST_NOTE or not _is_plain(request.note):
        faults.append(
            _fault(
                "/note",
                "invalid_note",
                f"Заметка — до {LONGEST_NOTE} символов, без управляющих.",
                f"A note has up to {LONGEST_NOTE} characters and no control characters.",
            )
        )


def _is_plain(text: str) -> bool:
    """No NUL, other control or lone surrogate: PostgreSQL would refuse them."""
    return not any(
        (ch < " " and ch not in "\t\n\r") or ch == "\x7f" or "\ud800" <= ch <= "\udfff"
        for ch in text
    )
