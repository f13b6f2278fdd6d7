"""Presets: making them, changing them by new versions, and filling requests from them."""

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.text import slugify

from generations.catalog import get_model, validate
from generations.models import Preset, PresetVersion
from generations.services import visibility
from generations.services.errors import Fault, InvalidRequest


def visible(user: User) -> QuerySet[Preset]:
    """Answer the presets that a user may use: those that `seen_by` lets see, but the archived."""
    return Preset.objects.filter(seen_by(user), archived_at__isnull=True)


def seen_by(user: User) -> Q:
    """Answer which presets a user may see: shared ones and own ones, or everybody's."""
    return Q() if visibility.sees_all(user) else Q(is_shared=True) | Q(owner=user)


def may_change(preset: Preset, *, user: User) -> bool:
    """Tell whether a user may change or archive a preset: its owner may, and who sees everything."""
    is_theirs = preset.owner_id == user.pk or visibility.sees_all(user)
    return is_theirs and user.has_perm("generations.change_preset")


def usable(*, user: User, slug: str) -> PresetVersion | None:
    """Answer the newest version of a preset, or None when the user may not use it."""
    preset = visible(user).filter(slug=slug).first()
    if preset is None:
        return None
    return preset.versions.select_related("preset").order_by("-version").first()


def merge(version: PresetVersion | None, explicit: Any) -> Any:
    """Answer the preset's parameters overridden by those given; a given null falls back to it."""
    if version is None or not isinstance(explicit, Mapping):
        return explicit
    given = {key: value for key, value in explicit.items() if value is not None}
    return version.input | given


def create(
    *,
    user: User,
    name: str,
    model: str,
    parameters: Any,
    is_shared: bool,
    now: datetime,
    slug: str = "",
) -> Preset:
    """Make a preset with its first version. Raises InvalidRequest naming every fault."""
    normalised = _judge(name, model, parameters)
    with transaction.atomic():
        preset = _named_uniquely(
            slug or slugify(name) or "preset",
            name=name.strip(),
            model=model,
            owner=user,
            is_shared=is_shared,
            created_at=now,
        )
        PresetVersion.objects.create(
            preset=preset, version=1, input=normalised, created_by=user, created_at=now
        )
    return preset


def change(preset: Preset, *, user: User, parameters: Any, now: datetime) -> PresetVersion:
    """Make a new version of a preset; answer the newest one when nothing changed."""
    normalised = _judge(preset.name, preset.model, parameters)
    with transaction.atomic():
        Preset.objects.select_for_update().get(pk=preset.pk)
        newest = preset.versions.order_by("-version").first()
        if newest is not None and newest.input == normalised:
            return newest
        return PresetVersion.objects.create(
            preset=preset,
            version=(newest.version if newest else 0) + 1,
            input=normalised,
            created_by=user,
            created_at=now,
        )


def archive(preset: Preset, *, now: datetime) -> None:
    """Take a preset out of use; what was made with it keeps its version. Safe to repeat."""
    Preset.objects.filter(pk=preset.pk, archived_at__isnull=True).update(archived_at=now)


def update(
    preset: Preset,
    *,
    user: User,
    now: datetime,
    parameters: Any = None,
    name: str | None = None,
    is_shared: bool | None = None,
) -> None:
    """Change what is given of a preset; what is None stays. New parameters make a new version.

    Raises InvalidRequest, and then nothing has changed.
    """
    if name is not None and not name.strip():
        raise InvalidRequest((_NAMELESS,))
    with transaction.atomic():
        if parameters is not None:
            change(preset, user=user, parameters=parameters, now=now)
        if name is not None:
            preset.name = name.strip()
        if is_shared is not None:
            preset.is_shared = is_shared
        preset.save(update_fields=["name", "is_shared"])


_NAMELESS = Fault("/name", "required", {"ru": "Назовите пресет.", "en": "Give the preset a name."})


def _judge(name: str, model: str, parameters: Any) -> dict[str, Any]:
    faults = []
    if not name.strip():
        faults.append(_NAMELESS)
    spec = get_model(model)
    if spec is None:
        sentences = {"ru": "Такой модели нет в каталоге.", "en": "No such model."}
        raise InvalidRequest((*faults, Fault("/model", "unknown_model", sentences)))
    verdict = validate(spec, parameters, partial=True)
    faults += [Fault(f"/input/{v.field}", v.code, v.messages) for v in verdict.violations]
    if faults or verdict.input is None:
        raise InvalidRequest(tuple(faults))
    return verdict.input


def _named_uniquely(wanted: str, **values: Any) -> Preset:
    """Make a preset under the first free slug of wanted, wanted-2, wanted-3 …"""
    for number in itertools.count(1):
        slug = wanted[:70] if number == 1 else f"{wanted[:70]}-{number}"
        preset, is_new = Preset.objects.get_or_create(slug=slug, defaults=values)
        if is_new:
            return preset
    raise AssertionError("there is always another number")
