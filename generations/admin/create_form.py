"""The form of the create page: what it offers, and the request it makes of what was typed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from generations.admin.parameters import ParametersForm, Raw, choice_text
from generations.admin.words import money_text
from generations.catalog import ModelSpec
from generations.catalog.kinds import Choice, Text
from generations.models import PresetVersion, Project
from generations.services import presets, prices
from generations.services.errors import PriceMissing
from generations.services.request import GenerationRequest


class CreateForm(ParametersForm):
    """One generation: parameters of the model, a picture, and what it is filed under."""

    preset = Raw(label=_("Preset"), help_text=_("Fills in what you have not typed yourself."))
    project = Raw(label=_("Project"))
    tags = Raw(
        label=_("Tags"),
        help_text=_("Separated by commas."),
        widget=UnfoldAdminTextInputWidget({"maxlength": 2000}),
    )
    note = Raw(
        label=_("Note"),
        help_text=_("For you and your colleagues; it is not sent to KIE."),
        widget=UnfoldAdminTextareaWidget({"rows": 2, "maxlength": 4000}),
    )
    file = Raw(label=_("Picture"), widget=forms.FileInput())
    image = Raw(widget=forms.HiddenInput())
    key = Raw(widget=forms.HiddenInput())

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.presets = _newest_versions(user, self.spec)
        self.fields["preset"].widget = UnfoldAdminSelectWidget(
            choices=[("", _("No preset"))]
            + [(version.preset.slug, version.preset.name) for version in self.presets]
        )
        projects = Project.objects.filter(archived_at__isnull=True).values_list("slug", "name")
        self.fields["project"].widget = UnfoldAdminSelectWidget(
            choices=[("", _("No project")), *projects]
        )
        self.order_fields(["preset"])

    @property
    def preset_inputs(self) -> dict[str, dict[str, Any]]:
        """Answer what each preset fills in, for the page's script."""
        return {version.preset.slug: version.input for version in self.presets}

    def request(self, image_id: UUID | None) -> GenerationRequest:
        """Answer the request that was typed, with the picture that was stored for it."""
        given = self.given()
        preset = self.data.get("preset", "")
        emptied = set(self.data.get("emptied", "").split())
        # An empty optional text says "nothing unwanted", unless a preset is there to fill it.
        for parameter in self.spec.fields:
            name = parameter.name
            is_said = isinstance(parameter, Text) and not parameter.required and name in self.data
            if is_said and (not preset or name in emptied):
                given.setdefault(name, "")
        tags = (tag.strip() for tag in self.data.get("tags", "").split(","))
        return GenerationRequest(
            input=given,
            model=self.spec.id,
            preset=preset or None,
            image_id=image_id,
            project=self.data.get("project") or None,
            tags=tuple(tag for tag in tags if tag),
            note=self.data.get("note", "").replace("\r\n", "\n"),
        )

    def fingerprint(self, picture_sha256: str) -> str:
        """Answer a hash of all that decides the generation; the picture counts by its bytes."""
        names = sorted(name for name in [*self.fields, "emptied"] if name not in _NOT_CONTENT)
        typed = {name: self.data.get(name, "") for name in names} | {"picture": picture_sha256}
        return hashlib.sha256(json.dumps(typed, sort_keys=True).encode()).hexdigest()


_NOT_CONTENT = frozenset({"key", "image", "file"})


@dataclass(frozen=True, slots=True)
class PriceTag:
    """What one choice of the parameter that decides the price costs; `text` is "" without a price."""

    value: str
    label: str
    text: str


def price_tags(spec: ModelSpec, *, now: datetime) -> tuple[PriceTag, ...]:
    """Answer a price for each choice where one parameter decides it, or nothing otherwise."""
    if len(spec.price_keys) != 1:
        return ()
    parameter = next(p for p in spec.fields if p.name == spec.price_keys[0])
    if not isinstance(parameter, Choice):
        return ()
    return tuple(
        PriceTag(
            value, choice_text(parameter.name, value), _price_text(spec, parameter, value, now)
        )
        for value in parameter.choices
    )


def _price_text(spec: ModelSpec, parameter: Choice, value: str, now: datetime) -> str:
    try:
        quote = prices.quote(spec=spec, request_input={parameter.name: value}, now=now)
    except PriceMissing:
        return ""
    return money_text(quote.micro_credits, quote.micro_usd)


def fresh_key() -> str:
    """Answer a new idempotency key: one for each form that is shown."""
    return uuid4().hex


def _newest_versions(user: User, spec: ModelSpec) -> list[PresetVersion]:
    versions = PresetVersion.objects.filter(
        preset__in=presets.visible(user).filter(model=spec.id)
    ).select_related("preset")
    newest = {version.preset_id: version for version in versions.order_by("version")}
    return sorted(newest.values(), key=lambda version: version.preset.name.lower())
