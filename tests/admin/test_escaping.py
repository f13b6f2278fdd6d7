"""Whatever people and KIE write stays text on every page."""

from datetime import UTC, datetime

import pytest

from generations.models import Generation, IncidentKind, SubmissionAttempt
from generations.services import incidents, lane
from tests.factories import make_attempt, make_generation, make_image, make_preset

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7|add:7 }}'


@pytest.fixture
def hostile_row(cast):
    now = datetime.now(UTC)
    preset = make_preset(by=cast.operator, name=HOSTILE, is_shared=True, prompt=HOSTILE)
    image = make_image(by=cast.operator)
    type(image).objects.filter(pk=image.pk).update(original_name=HOSTILE)
    generation = make_generation(
        by=cast.operator,
        input={"prompt": HOSTILE},
        image_id=image.pk,
        preset=preset.preset.slug,
        tags=(HOSTILE[:60],),
        note=HOSTILE,
    )
    attempt = make_attempt(generation, at=now)
    SubmissionAttempt.objects.filter(pk=attempt.pk).update(
        provider_message=HOSTILE, answer_excerpt=HOSTILE, worker=HOSTILE
    )
    Generation.objects.filter(pk=generation.pk).update(provider_message=HOSTILE)
    incidents.report(
        IncidentKind.ODD_ANSWER,
        cause=HOSTILE,
        now=now,
        generation_id=generation.pk,
        detail={HOSTILE: HOSTILE},
    )
    lane.pause(by=HOSTILE, reason=HOSTILE, now=now)
    return generation


def testhostile_row_text_is_never_markup(cast, login, hostile_row):
    incident = hostile_row.incidents.get()
    version = hostile_row.preset_version
    client = login(cast.administrator)
    for address in (
        "/admin/",
        "/admin/generations/generation/",
        f"/admin/generations/generation/?q={HOSTILE}",
        f"/admin/generations/generation/{hostile_row.pk}/change/",
        f"/admin/generations/generation/{hostile_row.pk}/live/",
        f"/admin/generations/generation/live/?ids={hostile_row.pk}",
        f"/admin/generations/generation/add/?like={hostile_row.pk}",
        f"/admin/generations/preset/{version.preset_id}/change/",
        "/admin/generations/preset/",
        "/admin/generations/incident/",
        f"/admin/generations/incident/{incident.pk}/change/",
        "/admin/generations/lane/",
        "/admin/generations/lane/resume/",
    ):
        response = client.get(address)
        assert response.status_code == 200, address
        text = response.content.decode()
        assert "<script>alert" not in text, address
        assert "<img src=x" not in text, address
