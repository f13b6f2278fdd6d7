"""The create page: one form, one service call, one generation however often it is sent."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from generations import provider
from generations.admin import budget_rows, faults, scope
from generations.admin.bases import PlatformAdmin, demand
from generations.admin.create_form import CreateForm, fresh_key, price_tags
from generations.admin.parameters import PICTURE
from generations.catalog import ModelSpec, Notice, get_model, list_models
from generations.media.image import MAX_BYTES
from generations.services import budget_standing, idempotency, image_check, images, visibility
from generations.services.errors import (
    InvalidRequest,
    KeyReused,
    PictureRefused,
    PlatformError,
)
from generations.services.request import DEFAULT_MODEL, create, judge
from generations.services.retry import request_of

CALL = "create"
_KEY = re.compile(r"[0-9a-f]{32}")


def create_page(admin: PlatformAdmin, request: HttpRequest) -> HttpResponse:
    user = demand(request, "add_generation")
    spec = _spec(request)
    if request.method != "POST":
        form = CreateForm(user=user, spec=spec, initial=_initial(request, user))
        return _show(admin, request, form, user=user)
    form = CreateForm(request.POST, request.FILES, user=user, spec=spec)
    key = request.POST.get("key", "")
    if not _KEY.fullmatch(key):
        form.add_error(None, _("This form had no number of its own. Please send it again."))
        return _show(admin, request, form, user=user)
    return _submit(admin, request, form, user=user, key=key)


def _submit(
    admin: PlatformAdmin, request: HttpRequest, form: CreateForm, *, user: User, key: str
) -> HttpResponse:
    now = timezone.now()
    file = request.FILES.get("file")
    picture = _Picture.of(user, request.POST.get("image", ""), file)
    body_sha256 = form.fingerprint(picture.original_sha256)
    try:
        # Asked before the picture is stored, so that a second click leaves no second picture.
        known = idempotency.find(user=user, call=CALL, key=key, body_sha256=body_sha256)
        if known is not None:
            return redirect(scope.address_of(known.generation))
        picture = picture.stored(user, file, now=now)
        judged = judge(form.request(picture.image_id), user=user, now=now)
        notices = _look(judged.input.get(PICTURE))
        made = idempotency.once(
            user=user,
            call=CALL,
            key=key,
            body_sha256=body_sha256,
            now=now,
            make=lambda: create(judged, user=user, now=now, notices=notices),
        )
    except PlatformError as refusal:
        _explain(form, refusal)
        key = fresh_key() if isinstance(refusal, KeyReused) else key
        return _show(admin, request, form, user=user, key=key, image_id=picture.image_id)
    if not made.is_replay:
        messages.success(request, _("The generation is accepted and will be sent in its turn."))
    return redirect(scope.address_of(made.generation))


def _look(address: object) -> tuple[Notice, ...]:
    """Look at a picture given by its address, where the settings ask for it."""
    if not settings.CHECK_IMAGE_URLS:
        return ()
    return image_check.look(address, fetcher=provider.fetcher())


@dataclass(frozen=True, slots=True)
class _Picture:
    """The picture that came with a form: uploaded now, or with an earlier try of the same form."""

    image_id: UUID | None = None
    original_sha256: str = ""
    data: bytes = b""

    @classmethod
    def of(cls, user: User, kept: str, file: UploadedFile | None) -> "_Picture":
        if file is not None:
            # One byte more than allowed is enough to be refused.
            data = file.read(MAX_BYTES + 1)
            return cls(data=data, original_sha256=hashlib.sha256(data).hexdigest())
        image = scope.image_of(user, kept)
        return cls(image.pk, image.original_sha256) if image else cls()

    def stored(self, user: User, file: UploadedFile | None, *, now: datetime) -> "_Picture":
        """Answer the picture with an id. Raises PictureRefused."""
        if file is None:
            return self
        image = images.store(data=self.data, name=file.name or "", owner=user, now=now)
        return _Picture(image.pk, self.original_sha256)


def _explain(form: CreateForm, refusal: PlatformError) -> None:
    match refusal:
        case InvalidRequest():
            faults.show(form, refusal.faults, fields={"/image": "file"})
        case PictureRefused():
            faults.show(form, [refusal.fault])
        case KeyReused():
            form.add_error(
                None,
                _(
                    "This form has been sent before with other values, and its generation exists. "
                    "To make one more with the values below, send the form again."
                ),
            )
        case _:
            form.add_error(None, str(refusal))


def _show(
    admin: PlatformAdmin,
    request: HttpRequest,
    form: CreateForm,
    *,
    user: User,
    key: str = "",
    image_id: UUID | None = None,
) -> HttpResponse:
    image = scope.image_of(
        user, str(image_id or form.data.get("image") or form.initial.get("image"))
    )
    tags = price_tags(form.spec, now=timezone.now())
    around = budget_standing.around(user, now=timezone.now())
    chosen = str(form[form.spec.price_keys[0]].value() or "") if tags else ""
    return admin.page(
        request,
        "platform/create.html",
        title=_("New generation"),
        form=form,
        is_filled=form.is_bound or len(form.initial) > 1,
        parameters=[form[p.name] for p in form.spec.fields if p.name != PICTURE],
        takes_picture=PICTURE in form.spec.names,
        picture_field=form[PICTURE] if PICTURE in form.spec.names else None,
        image=image,
        max_bytes=MAX_BYTES,
        price_tags=tags,
        price_name=form.spec.price_keys[0] if tags else "",
        price_chosen=next((tag for tag in tags if tag.value == chosen), None),
        models=list_models(),
        budget_lines=[budget_rows.line(standing) for standing in around],
        project_chosen=str(form["project"].value() or ""),
        key=key or fresh_key(),
    )


def _spec(request: HttpRequest) -> ModelSpec:
    wanted = request.POST.get("model") or request.GET.get("model") or DEFAULT_MODEL
    spec = get_model(wanted) or get_model(DEFAULT_MODEL)
    assert spec is not None
    return spec


def _initial(request: HttpRequest, user: User) -> Mapping[str, Any]:
    """Answer what the form begins with: a preset, or everything of an earlier generation."""
    initial: dict[str, Any] = {"preset": request.GET.get("preset", "")}
    try:
        seen = visibility.generations(user).filter(pk=UUID(request.GET.get("like", "")))
    except ValueError:
        return initial
    like = seen.first()
    if like is None:
        return initial
    wanted = request_of(like)
    return initial | {
        **wanted.input,
        "image": wanted.image_id,
        "project": wanted.project,
        "tags": ", ".join(wanted.tags),
        "note": wanted.note,
    }
