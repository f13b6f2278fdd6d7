"""A generation as JSON, in every status, and its ETag."""

import pytest
from django.utils import timezone

from generations.models import Evidence, FailureCode, Generation, Status, Video, VideoState
from tests.api.calling import calling
from tests.cast import Cast
from tests.factories import archive, make_generation, make_image


def _shown(cast: Cast, generation: Generation, language: str = "en") -> dict:
    answer = calling(cast.operator).get(f"generations/{generation.pk}/", accept_language=language)
    assert answer.status_code == 200
    return answer.json()


NO_COST = {"credits": None, "usd": None, "evidence": "none"}
FREE = {"credits": "0.00", "usd": "0.0000", "evidence": "provider"}
PAID = {"credits": "160.00", "usd": "0.8000", "evidence": "provider"}


@pytest.mark.parametrize(
    ("status", "provider_state", "has_task", "is_sent", "is_over", "cost"),
    [
        (Status.QUEUED, None, False, False, False, NO_COST),
        (Status.SUBMITTING, None, False, True, False, NO_COST),
        (Status.UNKNOWN, None, False, True, False, NO_COST),
        (Status.RUNNING, None, True, True, False, NO_COST),
        (Status.NEEDS_REVIEW, "success", True, True, False, NO_COST),
        (Status.SUCCEEDED, "success", True, True, True, PAID),
        (Status.FAILED, "fail", True, True, True, FREE),
        (Status.CANCELLED, None, False, False, True, None),
    ],
)
def test_each_status_shows_what_is_known(
    cast: Cast,
    status: Status,
    provider_state: str | None,
    has_task: bool,
    is_sent: bool,
    is_over: bool,
    cost: dict | None,
) -> None:
    shown = _shown(cast, make_generation(by=cast.operator, status=status))

    assert shown["status"] == status
    assert shown["provider_state"] == provider_state
    assert bool(shown["provider_task_id"]) == has_task
    assert bool(shown["submitted_at"]) == is_sent
    assert bool(shown["finished_at"]) == is_over
    assert all(shown[at].endswith("Z") for at in ("submitted_at", "finished_at") if shown[at])
    assert (shown["failure"] is not None) == (status == Status.FAILED)
    assert (shown["video"] is not None) == (status == Status.SUCCEEDED)
    if cost is not None:
        assert shown["cost"] == cost


def test_a_failure_is_told_in_the_callers_language(cast: Cast) -> None:
    generation = make_generation(by=cast.operator, status=Status.FAILED)

    assert _shown(cast, generation, "en")["failure"] == {
        "code": "provider_failed",
        "detail": "KIE failed to make the video.",
        "provider_code": "500",
        "provider_message": "Internal Error",
    }
    assert (
        _shown(cast, generation, "ru")["failure"]["detail"] == "У KIE не получилось сделать видео."
    )


@pytest.mark.parametrize("code", FailureCode.values)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_failure_has_a_sentence(cast: Cast, code: str, language: str) -> None:
    generation = make_generation(by=cast.operator, status=Status.FAILED)
    Generation.objects.update(
        failure_code=code,
        failure_detail="More is known.",
        decided_by=cast.lead,
        decided_at=timezone.now(),
        decision_note="seen",
    )

    failure = _shown(cast, generation, language)["failure"]

    assert failure["code"] == code
    assert failure["detail"].endswith(". More is known.")


def test_the_video_has_an_address_once_it_is_archived(cast: Cast, data_dir: object) -> None:
    generation = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    nothing = {"url": None, "bytes": None, "sha256": None, "duration_s": None}
    assert _shown(cast, generation)["video"] == {"state": "pending"} | nothing

    Video.objects.update(state=VideoState.AT_RISK)
    assert _shown(cast, generation)["video"] == {"state": "at_risk"} | nothing

    video = archive(generation)
    assert _shown(cast, generation)["video"] == {
        "state": "archived",
        "url": f"/api/v1/generations/{generation.pk}/video/",
        "bytes": video.bytes,
        "sha256": video.sha256,
        "duration_s": 5.0,
    }


def test_an_uploaded_picture_has_an_address_once_it_was_sent(cast: Cast, data_dir: object) -> None:
    image = make_image(by=cast.operator)
    generation = make_generation(by=cast.operator, input={"prompt": "A"}, image_id=image.pk)
    assert _shown(cast, generation)["input"]["image_url"] is None

    Generation.objects.update(uploaded_url="https://uploads.example.com/a.jpg")

    shown = _shown(cast, generation)
    assert shown["input"]["image_url"] == "https://uploads.example.com/a.jpg"
    assert list(shown["input"]) == [
        "prompt",
        "image_url",
        "duration",
        "negative_prompt",
        "cfg_scale",
    ]


def test_the_keys_of_the_input_keep_the_catalogues_order(cast: Cast) -> None:
    generation = make_generation(by=cast.operator)
    Generation.objects.update(input=dict(sorted(generation.input.items())))

    assert next(iter(_shown(cast, generation)["input"])) == "prompt"


@pytest.mark.parametrize(
    ("micro_credits", "micro_usd", "texts"),
    [
        (0, 0, ("0.00", "0.0000")),
        (22_500_000, 112_500, ("22.50", "0.1125")),
        (1, 5, ("0.000001", "0.000005")),
        (12_345_678_901_234_567, 1_000_000, ("12345678901.234567", "1.0000")),
    ],
)
def test_money_is_exact_text(
    cast: Cast, micro_credits: int, micro_usd: int, texts: tuple[str, str]
) -> None:
    generation = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    Generation.objects.update(
        cost_micro_credits=micro_credits, cost_micro_usd=micro_usd, cost_evidence=Evidence.PERSON
    )

    assert _shown(cast, generation)["cost"] == {
        "credits": texts[0],
        "usd": texts[1],
        "evidence": "person",
    }


def test_an_unchanged_generation_is_not_sent_again(cast: Cast) -> None:
    generation, caller = make_generation(by=cast.operator), calling(cast.operator)
    address = f"generations/{generation.pk}/"
    first = caller.get(address)
    etag = first["ETag"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = caller.get(address, if_none_match=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == etag
        assert "private" in again["Cache-Control"]
    assert caller.get(address, if_none_match='"other"').status_code == 200
    assert caller.head(address)["ETag"] == etag


def test_the_etag_follows_whatever_is_shown(cast: Cast) -> None:
    generation, caller = (
        make_generation(by=cast.operator, status=Status.FAILED),
        calling(cast.operator),
    )
    address = f"generations/{generation.pk}/"
    russian = caller.get(address, accept_language="ru")["ETag"]
    english = caller.get(address, accept_language="en")["ETag"]
    Generation.objects.update(note="changed")

    assert len({russian, english, caller.get(address, accept_language="en")["ETag"]}) == 3


def test_the_answer_is_private_and_varies_by_language(cast: Cast) -> None:
    answer = calling(cast.operator).get(f"generations/{make_generation(by=cast.operator).pk}/")

    assert answer["Cache-Control"] == "private, no-cache"
    assert "Accept-Language" in answer["Vary"]
