"""Asking: judged whole, priced, stored once, and nothing spent when anything is wrong."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from generations.models import (
    Evidence,
    Generation,
    IdempotencyRecord,
    Price,
    Project,
    Status,
)
from generations.services import cancel, idempotency, presets, prices, retry
from generations.services.errors import InvalidRequest, KeyReused, PriceMissing, WrongState
from generations.services.request import GenerationRequest, create, judge
from tests.fakes import Clock

GOOD = {"prompt": "A slow pan", "image_url": "https://files.example.com/a.png"}
Ask = Callable[..., Generation]


def _judge(author: User, clock: Clock, **request: object):  # type: ignore[no-untyped-def]
    return judge(GenerationRequest(**({"input": GOOD} | request)), user=author, now=clock())


def test_the_quote_is_frozen_with_its_price(ask: Ask, clock: Clock) -> None:
    generation = ask(duration="10")
    assert generation.price.variant == "duration=10"
    assert (generation.quote_micro_credits, generation.quote_micro_usd) == (320_000_000, 1_600_000)
    assert (generation.status, generation.cost_evidence) == (Status.QUEUED, Evidence.NONE)


def test_every_fault_is_named_at_once_and_nothing_is_stored(author: User, clock: Clock) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        _judge(
            author,
            clock,
            input={"prompt": "", "duration": 7, "seed": 1},
            project="no-such",
            preset="no-such",
            tags=("", "x" * 61),
            note="a\x00",
        )
    assert {fault.pointer for fault in refusal.value.faults} == {
        "/preset",
        "/project",
        "/tags/0",
        "/tags/1",
        "/note",
        "/input/prompt",
        "/input/image_url",
        "/input/duration",
        "/input/seed",
    }
    assert all(f.sentence("ru") != f.sentence("en") for f in refusal.value.faults)
    assert not Generation.objects.exists()


def test_an_unknown_model_is_refused(author: User, clock: Clock) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        _judge(author, clock, model="kling/none")
    assert [fault.code for fault in refusal.value.faults] == ["unknown_model"]


def test_without_a_price_nothing_is_taken(author: User, clock: Clock) -> None:
    Price.objects.all().delete()
    with pytest.raises(PriceMissing):
        _judge(author, clock)


def test_the_price_of_the_moment_holds(author: User, clock: Clock) -> None:
    old = prices.price_at(model=Price.objects.first().model, variant="duration=5", now=clock())
    assert old is not None
    Price.objects.create(
        model=old.model,
        variant=old.variant,
        micro_credits=200_000_000,
        micro_usd_per_credit=5_000,
        valid_from=datetime(2026, 12, 1, tzinfo=UTC),
        known_from=clock(),
    )
    assert _judge(author, clock).quote.micro_credits == 160_000_000
    clock.forward(10 * 86_400)
    assert _judge(author, clock).quote.micro_credits == 200_000_000


def test_prices_and_events_never_change(ask: Ask) -> None:
    generation = ask()
    for rows, change in (
        (Price.objects.all(), {"micro_credits": 1}),
        (generation.events.all(), {"actor": "nobody"}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)


def test_a_preset_fills_and_what_is_given_overrides(author: User, clock: Clock) -> None:
    preset = presets.create(
        user=author,
        name="Calm",
        model="kling/v2-1-master-image-to-video",
        parameters={"duration": 10, "cfg_scale": 0.8, "prompt": "Calm sea"},
        is_shared=False,
        now=clock(),
    )
    given = {"image_url": GOOD["image_url"], "cfg_scale": 0.2, "prompt": None}
    judged = _judge(author, clock, preset=preset.slug, input=given)
    assert (judged.input["duration"], judged.input["cfg_scale"]) == ("10", 0.2)
    assert judged.input["prompt"] == "Calm sea"
    assert judged.preset_version.version == 1


def test_a_changed_preset_is_a_new_version_and_an_unchanged_one_is_not(
    author: User, clock: Clock
) -> None:
    preset = presets.create(
        user=author,
        name="Calm",
        model="kling/v2-1-master-image-to-video",
        parameters={"duration": "10"},
        is_shared=False,
        now=clock(),
    )
    assert (
        presets.change(preset, user=author, parameters={"duration": 10}, now=clock()).version == 1
    )
    changed = presets.change(preset, user=author, parameters={"duration": "5"}, now=clock())
    assert changed.version == 2
    assert preset.versions.get(version=1).input == {"duration": "10"}


def test_a_strangers_preset_is_not_there_unless_shared(author: User, clock: Clock) -> None:
    owner = User.objects.create_user("stranger")
    preset = presets.create(
        user=owner,
        name="Calm",
        model="kling/v2-1-master-image-to-video",
        parameters={},
        is_shared=False,
        now=clock(),
    )
    with pytest.raises(InvalidRequest):
        _judge(author, clock, preset=preset.slug)
    preset.is_shared = True
    preset.save()
    assert _judge(author, clock, preset=preset.slug).preset_version is not None


def test_project_tags_and_note_are_kept(author: User, clock: Clock) -> None:
    Project.objects.create(slug="spring", name="Spring")
    judged = _judge(author, clock, project="spring", tags=(" a ", "b", "a"), note=" why ")
    generation = create(judged, user=author, now=clock())
    assert generation.project.slug == "spring"
    assert sorted(generation.tags.values_list("name", flat=True)) == ["a", "b"]
    assert generation.note == "why"


def _once(author: User, clock: Clock, key: str = "k", body: str = "b") -> idempotency.Outcome:
    return idempotency.once(
        user=author,
        call="create",
        key=key,
        body_sha256=body,
        now=clock(),
        make=lambda: create(_judge(author, clock), user=author, now=clock()),
        render=lambda generation: f"answer {generation.pk}",
    )


def test_a_key_makes_one_generation_and_repeats_its_answer(author: User, clock: Clock) -> None:
    first, second = _once(author, clock), _once(author, clock)
    assert (first.is_replay, second.is_replay) == (False, True)
    assert first.generation == second.generation
    assert first.answer == second.answer == f"answer {first.generation.pk}"
    assert Generation.objects.count() == 1


def test_a_key_with_another_body_is_refused(author: User, clock: Clock) -> None:
    _once(author, clock)
    with pytest.raises(KeyReused):
        _once(author, clock, body="other")


def test_a_refused_request_leaves_its_key_free(author: User, clock: Clock) -> None:
    def fail() -> Generation:
        raise PriceMissing

    with pytest.raises(PriceMissing):
        idempotency.once(
            user=author, call="create", key="k", body_sha256="b", now=clock(), make=fail
        )
    assert not IdempotencyRecord.objects.exists()
    assert _once(author, clock).is_replay is False


def test_only_a_queued_generation_can_be_cancelled(
    ask: Ask, send: Callable[..., object], clock: Clock
) -> None:
    generation = ask()
    cancelled = cancel.cancel(generation, by="olga", now=clock())
    assert (cancelled.status, cancelled.cost_evidence) == (Status.CANCELLED, Evidence.NONE)
    running = ask()
    send()
    for over in (generation, running):
        with pytest.raises(WrongState):
            cancel.cancel(over, by="olga", now=clock())


def test_a_retry_is_a_new_generation_and_only_after_the_end(
    ask: Ask, author: User, clock: Clock
) -> None:
    generation = ask(duration="10")
    with pytest.raises(WrongState):
        retry.retry(generation, user=author, now=clock())
    cancel.cancel(generation, by="olga", now=clock())
    generation.refresh_from_db()
    again = retry.retry(generation, user=author, now=clock())
    assert (again.retry_of, again.status, again.input) == (
        generation,
        Status.QUEUED,
        generation.input,
    )
