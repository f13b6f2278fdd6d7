"""Models, prices and estimates over REST."""

from datetime import UTC, datetime, timedelta

from generations.models import Generation, GenerationEvent, Price
from generations.services.request import DEFAULT_MODEL
from tests.api.calling import calling, faults, problem
from tests.cast import Cast
from tests.factories import an_input, make_preset

PRICES = [({"duration": "10"}, "320.00", "1.6000"), ({"duration": "5"}, "160.00", "0.8000")]


def test_the_catalogue_describes_each_model(cast: Cast) -> None:
    caller = calling(cast.operator)
    listed = caller.get("models/").json()["results"]

    assert DEFAULT_MODEL in [model["id"] for model in listed]
    for model in listed:
        assert caller.get(f"models/{model['id']}/").json() == model
    model = next(model for model in listed if model["id"] == DEFAULT_MODEL)
    assert model["input_schema"]["properties"]["prompt"]["maxLength"] == 5000
    assert model["input_schema"]["required"] == ["prompt", "image_url"]
    assert [(p["when"], p["credits"], p["usd"]) for p in model["prices"]] == PRICES


def test_an_unknown_model_is_not_found(cast: Cast) -> None:
    for name in ("kling/none", "x", "a/b/c", "kling%00"):
        problem(calling(cast.operator).get(f"models/{name}/"), 404, "not_found")


def test_prices_are_those_that_hold_now(cast: Cast) -> None:
    now = datetime.now(UTC)
    old = Price.objects.get(variant="duration=5")
    for valid_from, whole_credits in (
        (now - timedelta(days=1), 200),
        (now + timedelta(days=1), 300),
    ):
        Price.objects.create(
            model=old.model,
            variant=old.variant,
            micro_credits=whole_credits * 1_000_000,
            micro_usd_per_credit=5_000,
            valid_from=valid_from,
            known_from=valid_from,
        )

    body = calling(cast.finance).get("prices/").json()

    of_five = [price for price in body["results"] if price["when"] == {"duration": "5"}]
    assert [(price["credits"], price["usd"]) for price in of_five] == [("200.00", "1.0000")]
    assert of_five[0]["valid_from"].endswith("Z")
    assert (body["next"], body["previous"]) == (None, None)


def test_an_estimate_is_the_quote_of_a_create_and_stores_nothing(cast: Cast) -> None:
    preset = make_preset(by=cast.operator, duration="10")
    body = {"preset": preset.preset.slug, "input": an_input(), "tags": ["x"], "note": "n"}
    caller = calling(cast.operator)

    answer = caller.post("estimates/", body)

    assert answer.status_code == 200
    estimate = answer.json()
    assert list(estimate) == ["quote", "input", "warnings", "budgets"]
    assert not Generation.objects.exists()
    assert not GenerationEvent.objects.exists()
    made = caller.create(body).json()
    assert {key: made[key] for key in ("quote", "input", "warnings")} | {"budgets": []} == estimate


def test_an_estimate_warns_and_refuses_like_a_create(cast: Cast) -> None:
    caller = calling(cast.auditor)
    warned = caller.post(
        "estimates/", {"input": an_input(image_url="https://example.com/cat.webp")}
    ).json()

    assert [warning["code"] for warning in warned["warnings"]] == ["unlisted_format"]
    assert warned["warnings"][0]["detail"]
    assert faults(caller.post("estimates/", {"input": an_input(), "x": 1})) == {
        ("/x", "unknown_field")
    }
    Price.objects.all().delete()
    problem(caller.post("estimates/", {"input": an_input()}), 409, "price_missing")
