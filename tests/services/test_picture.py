"""Uploaded pictures: taken in, sent to KIE just before their generation, never sent stale."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from generations import storage
from generations.kie import UploadFailed, UploadRefused
from generations.models import Evidence, FailureCode, Generation, SourceImage, Status
from generations.services import images, lane, request
from generations.services.errors import InvalidRequest, PictureRefused
from generations.services.submit import Step
from tests.fakes import Clock, FakeKie, unsent

PHOTO = Path(__file__).parents[2] / "kling_platform" / "launch" / "demo.jpg"
Send = Callable[..., Step]


@pytest.fixture
def image(author: User, clock: Clock, data_dir: Path) -> SourceImage:
    return images.store(data=PHOTO.read_bytes(), name="photo.jpg", owner=author, now=clock())


@pytest.fixture
def generation(image: SourceImage, author: User, clock: Clock) -> Generation:
    asked = request.GenerationRequest(input={"prompt": "A slow pan"}, image_id=image.pk)
    return request.create(request.judge(asked, user=author, now=clock()), user=author, now=clock())


def test_a_picture_is_stored_rebuilt_with_both_hashes(image: SourceImage) -> None:
    stored = storage.image_path(image.pk, image.mime).read_bytes()
    assert (len(stored), image.mime) == (image.bytes, "image/jpeg")
    assert image.sha256 != image.original_sha256


def test_what_is_no_picture_is_refused_and_not_stored(
    author: User, clock: Clock, data_dir: Path
) -> None:
    with pytest.raises(PictureRefused) as refusal:
        images.store(data=b"<svg/>", name="a.svg", owner=author, now=clock())
    assert refusal.value.fault.sentence("ru")
    assert refusal.value.fault.sentence("en")
    assert not SourceImage.objects.exists()
    assert not (data_dir / "media").exists()


def test_the_picture_goes_up_just_before_the_generation(
    generation: Generation, send: Send, kie: FakeKie
) -> None:
    assert generation.wire_input["image_url"] is None
    send()
    generation.refresh_from_db()
    assert kie.sent[0].input["image_url"] == generation.uploaded_url
    assert generation.wire_input["image_url"] == generation.uploaded_url
    assert generation.input["image_url"] is None


def test_a_fresh_upload_is_used_again_and_a_stale_one_is_not(
    generation: Generation, send: Send, kie: FakeKie, clock: Clock
) -> None:
    kie.outcomes.extend([unsent(), unsent()])
    send()
    clock.forward(60)
    send()
    assert len(kie.uploads) == 1
    clock.forward(6 * 3600)
    send()
    assert len(set(kie.uploads)) == 2
    assert kie.sent[-1].input["image_url"].endswith(kie.uploads[-1])


def test_an_upload_host_in_trouble_is_waited_for(
    generation: Generation, send: Send, kie: FakeKie, clock: Clock
) -> None:
    def fail() -> None:
        raise UploadFailed("502")

    kie.on_upload = fail
    assert send() is Step.DONE
    generation.refresh_from_db()
    assert (generation.status, kie.sent) == (Status.QUEUED, [])
    kie.on_upload = lambda: None
    clock.forward(300)
    send()
    generation.refresh_from_db()
    assert generation.status == Status.RUNNING


def test_a_picture_that_kie_refuses_fails_the_generation_for_free(
    generation: Generation, send: Send, kie: FakeKie
) -> None:
    def refuse() -> None:
        raise UploadRefused("unsupported", code=400)

    kie.on_upload = refuse
    send()
    generation.refresh_from_db()
    assert (generation.status, generation.failure_code) == (
        Status.FAILED,
        FailureCode.SOURCE_UNAVAILABLE,
    )
    assert (generation.cost_micro_credits, generation.cost_evidence) == (0, Evidence.PROVIDER)
    assert kie.sent == []


def test_a_refused_key_at_the_upload_host_blocks_the_lane(
    generation: Generation, send: Send, kie: FakeKie
) -> None:
    def refuse() -> None:
        raise UploadRefused("no access", code=401, account=True)

    kie.on_upload = refuse
    send()
    generation.refresh_from_db()
    assert generation.status == Status.QUEUED
    assert lane.get().blocked_code == 401


def test_a_refused_key_at_the_upload_host_is_probed_once_a_minute(
    image: SourceImage, author: User, send: Send, kie: FakeKie, clock: Clock
) -> None:
    for _ in range(5):
        asked = request.GenerationRequest(input={"prompt": "A slow pan"}, image_id=image.pk)
        request.create(request.judge(asked, user=author, now=clock()), user=author, now=clock())
    tries = []

    def refuse() -> None:
        tries.append(clock())
        raise UploadRefused("no access", code=401, account=True)

    kie.on_upload = refuse
    for _ in range(240):
        send()
        clock.forward(1)
    assert len(tries) == 4
    kie.on_upload = lambda: None
    clock.forward(60)
    for _ in range(5):
        assert send() is Step.DONE
    assert not Generation.objects.exclude(status=Status.RUNNING).exists()


def test_a_picture_whose_file_is_gone_fails_the_generation(
    generation: Generation, image: SourceImage, send: Send
) -> None:
    storage.image_path(image.pk, image.mime).unlink()
    send()
    generation.refresh_from_db()
    assert generation.failure_code == FailureCode.SOURCE_UNAVAILABLE


def test_the_picture_of_somebody_else_is_not_there(image: SourceImage, clock: Clock) -> None:
    stranger = User.objects.create_user("stranger")
    asked = request.GenerationRequest(input={"prompt": "x"}, image_id=image.pk)
    with pytest.raises(InvalidRequest) as refusal:
        request.judge(asked, user=stranger, now=clock())
    assert [fault.pointer for fault in refusal.value.faults] == ["/image"]


def test_a_picture_and_an_address_together_are_refused(
    image: SourceImage, author: User, clock: Clock
) -> None:
    given = {"prompt": "x", "image_url": "https://files.example.com/a.png"}
    asked = request.GenerationRequest(input=given, image_id=image.pk)
    with pytest.raises(InvalidRequest) as refusal:
        request.judge(asked, user=author, now=clock())
    assert [fault.code for fault in refusal.value.faults] == ["two_pictures"]
