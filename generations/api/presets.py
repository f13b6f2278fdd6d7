"""Presets: those one may see, and their versions."""

from typing import ClassVar

from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from generations.api import filters, pages, present
from generations.api.base import READ, ApiView, made
from generations.api.problems import Refused
from generations.api.reading import Fields
from generations.models import Preset, Scope
from generations.services import presets

_NEWEST_FIRST = pages.Order("id", int, descending=True)
_NEWEST_VERSION_FIRST = pages.Order("version", int, descending=True)
_LONGEST_NAME = 120


class PresetsView(ApiView):
    scopes: ClassVar = {**READ, "POST": Scope.PRESETS_WRITE}

    def get(self, request: Request) -> Response:
        filters.allow_none(request.query_params)
        rows = presets.visible(self.caller).select_related("owner").prefetch_related("versions")
        return Response(pages.page(request, rows, _NEWEST_FIRST, present.preset))

    def post(self, request: Request) -> Response:
        fields = Fields(request.data, "name", "model", "input", "shared")
        fields.demand("name", "model", "input")
        name = fields.text("name", longest=_LONGEST_NAME) or ""
        model = fields.text("model") or ""
        shared = fields.flag("shared") or False
        fields.done()
        preset = presets.create(
            user=self.caller,
            name=name,
            model=model,
            parameters=fields.anything("input", {}),
            is_shared=shared,
            now=timezone.now(),
        )
        return made(present.preset(preset), reverse("api:preset", args=[preset.slug]))


class PresetView(ApiView):
    scopes: ClassVar = {
        **READ,
        "PUT": Scope.PRESETS_WRITE,
        "PATCH": Scope.PRESETS_WRITE,
        "DELETE": Scope.PRESETS_WRITE,
    }

    def get(self, request: Request, slug: str) -> Response:
        return Response(present.preset(_found(self, slug)))

    def put(self, request: Request, slug: str) -> Response:
        """Like PATCH, but the parameters must be given."""
        return self._update(request, slug, "input")

    def patch(self, request: Request, slug: str) -> Response:
        return self._update(request, slug)

    def delete(self, request: Request, slug: str) -> Response:
        presets.archive(_changeable(self, slug), now=timezone.now())
        return Response(status=204)

    def _update(self, request: Request, slug: str, *demanded: str) -> Response:
        preset = _changeable(self, slug)
        fields = Fields(request.data, "name", "model", "input", "shared")
        fields.demand(*demanded)
        name = fields.text("name", longest=_LONGEST_NAME)
        if fields.text("model") not in {None, preset.model}:
            fields.refuse("/model", "cannot_change")
        shared = fields.flag("shared")
        fields.done()
        presets.update(
            preset,
            user=self.caller,
            now=timezone.now(),
            parameters=fields.anything("input", None),
            name=name,
            is_shared=shared,
        )
        return Response(present.preset(_found(self, slug)))


class PresetVersionsView(ApiView):
    def get(self, request: Request, slug: str) -> Response:
        filters.allow_none(request.query_params)
        versions = _found(self, slug).versions.select_related("created_by")
        return Response(
            pages.page(request, versions, _NEWEST_VERSION_FIRST, present.preset_version)
        )


def _found(view: ApiView, slug: str) -> Preset:
    preset = presets.visible(view.caller).select_related("owner").filter(slug=slug).first()
    if preset is None:
        raise Refused("not_found")
    return preset


def _changeable(view: ApiView, slug: str) -> Preset:
    preset = _found(view, slug)
    if not presets.may_change(preset, user=view.caller):
        raise Refused("permission_denied")
    return preset
