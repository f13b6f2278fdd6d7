"""createTask: what is accepted, what is refused and how, and what it costs."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from kie_simulator.testing import Simulator
from tests.simulator.plain_client import CREATE, MODEL, PlainClient

pytestmark = pytest.mark.no_database

PICTURE = "http://pictures.test/cat.png"
SOUND: dict[str, Any] = {"prompt": "a cat", "image_url": PICTURE, "duration": "5"}


def test_an_accepted_task_answers_with_its_id_twice(client: PlainClient) -> None:
    told = client.create()
    assert set(told) == {"code", "msg", "data"}
    assert (told["code"], told["msg"]) == (200, "success")
    assert re.fullmatch("[0-9a-f]{32}", told["data"]["taskId"])
    assert told["data"]["recordId"] == told["data"]["taskId"]


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"prompt": None}, 500, "This field is required"),
        ({"prompt": ""}, 500, "This field is required"),
        ({"image_url": None}, 500, "This field is required"),
        ({"image_url": ["http://a.test/b.png"]}, 422, "not within the range"),
        ({"prompt": "x" * 5000}, 200, "success"),
        ({"prompt": "x" * 5001}, 422, "not within the range"),
        ({"duration": 5}, 422, "not within the range"),
        ({"duration": "7"}, 500, "not within the range of allowed options"),
        ({"duration": "10"}, 200, "success"),
        ({"negative_prompt": "x" * 500}, 200, "success"),
        ({"negative_prompt": "x" * 501}, 422, "not within the range"),
        ({"cfg_scale": 0}, 200, "success"),
        ({"cfg_scale": 1.0}, 200, "success"),
        ({"cfg_scale": 1.01}, 422, "not within the range"),
        ({"cfg_scale": "0.5"}, 422, "not within the range"),
        ({"cfg_scale": True}, 422, "not within the range"),
        ({"aspect_ratio": "16:9"}, 200, "success"),
    ],
)
def test_an_input_is_judged_by_the_models_page(
    kie: Simulator, client: PlainClient, change: dict[str, Any], code: int, text: str
) -> None:
    reply = client.call("POST", CREATE, {"model": MODEL, "input": SOUND | change})
    assert reply.status == 200
    assert (reply.json["code"], text in reply.json["msg"]) == (code, True)
    assert len(kie.ledger().tasks) == (1 if code == 200 else 0)


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (b"not json", 400, "Bad Request"),
        (b"[]", 400, "Bad Request"),
        ({"input": SOUND}, 500, "This field is required"),
        (
            {"model": "kling/none", "input": SOUND},
            422,
            "The model name you specified is not supported",
        ),
        ({"model": MODEL}, 500, "This field is required"),
        ({"model": MODEL, "input": "text"}, 422, "not within the range"),
        ({"model": MODEL, "input": SOUND, "callBackUrl": 7}, 422, "Please enter callBackUrl."),
    ],
)
def test_a_body_that_is_no_order_is_refused(
    kie: Simulator, client: PlainClient, body: Any, code: int, text: str
) -> None:
    told = client.call("POST", CREATE, body).json
    assert (told["code"], text in told["msg"], told["data"]) == (code, True, None)
    assert not kie.ledger().tasks


def test_every_validation_text_can_be_given_one_code(kie: Simulator, client: PlainClient) -> None:
    kie.settings(validation_code=422)
    assert client.create(prompt="")["code"] == 422
    kie.settings(validation_code=500)
    assert client.create(duration=5)["code"] == 500


def test_unknown_fields_are_dropped_unless_told_to_refuse(
    kie: Simulator, client: PlainClient
) -> None:
    client.made(fps=24)
    assert "fps" not in kie.ledger().tasks[0].input
    kie.settings(unknown_fields="refuse")
    assert client.create(fps=24)["code"] == 422


@pytest.mark.parametrize("key", [None, "", "wrong"])
def test_a_wrong_key_is_401_inside_200(kie: Simulator, key: str | None) -> None:
    kie.settings(api_key="right")
    refused = PlainClient(kie, key=key).call("POST", CREATE, {"model": MODEL, "input": SOUND})
    assert refused.status == 200
    assert refused.json["code"] == 401
    assert refused.json["msg"] == "You do not have access permissions"
    assert PlainClient(kie, key="right").create()["code"] == 200


def test_a_wrong_key_can_be_a_real_401(kie: Simulator) -> None:
    kie.settings(auth_http_status=401)
    refused = PlainClient(kie, key=None).call("GET", "/api/v1/chat/credit")
    assert (refused.status, refused.json["code"]) == (401, 401)


def test_a_revoked_key_no_longer_works(kie: Simulator, client: PlainClient) -> None:
    assert client.create()["code"] == 200
    kie.settings(api_key="another")
    assert client.create()["code"] == 401


def test_without_a_key_of_its_own_any_key_works_but_none_does_not(kie: Simulator) -> None:
    assert PlainClient(kie, key="anything").create()["code"] == 200
    assert PlainClient(kie, key=None).create()["code"] == 401


def test_library_agents_can_be_turned_away_as_by_cloudflare(
    kie: Simulator, client: PlainClient
) -> None:
    kie.settings(block_library_agents=True)
    refused = client.call("POST", CREATE, SOUND, {"User-Agent": "python-requests/2.32"})
    assert (refused.status, refused.body) == (403, b"error code: 1010")
    allowed = client.call("GET", "/api/v1/chat/credit", headers={"User-Agent": "Mozilla/5.0"})
    assert allowed.json["code"] == 200


def test_an_unknown_address_is_404(client: PlainClient) -> None:
    reply = client.call("GET", "/api/v1/jobs/list")
    assert (reply.status, reply.json["code"]) == (404, 404)


class TestCredits:
    @pytest.mark.parametrize(("duration", "price"), [("5", 160.0), ("10", 320.0)])
    def test_the_price_is_taken_at_submit(
        self, kie: Simulator, client: PlainClient, duration: str, price: float
    ) -> None:
        task_id = client.made(duration=duration)
        assert client.credit() == 10_000 - price
        assert client.read(task_id)["creditsConsumed"] == price

    def test_a_poor_account_is_refused_and_nothing_is_taken(
        self, kie: Simulator, client: PlainClient
    ) -> None:
        kie.reset(balance=170)
        assert client.create()["code"] == 200
        told = client.create()
        assert (told["code"], told["msg"]) == (402, "Credits insufficient")
        assert client.credit() == 10.0
        assert len(kie.ledger().tasks) == 1

    def test_the_same_refusal_can_be_500(self, kie: Simulator, client: PlainClient) -> None:
        kie.reset(balance=0)
        kie.settings(no_credit_code=500)
        told = client.create()
        assert (told["code"], told["msg"]) == (500, "Credits insufficient")

    def test_a_top_up_lets_it_go_on(self, kie: Simulator, client: PlainClient) -> None:
        kie.reset(balance=0)
        kie.balance(160.5, "top-up")
        assert client.create()["code"] == 200
        assert client.credit() == 0.5

    def test_somebody_else_may_spend(self, kie: Simulator, client: PlainClient) -> None:
        assert kie.balance(-42, "another program") == Decimal("9958.0")
        assert kie.ledger().movements[-1].kind == "foreign"

    def test_a_new_price_holds_for_new_tasks(self, kie: Simulator, client: PlainClient) -> None:
        old = client.made()
        kie.settings(prices={"5": 200})
        new = client.made()
        assert client.read(old)["creditsConsumed"] == 160.0
        assert client.read(new)["creditsConsumed"] == 200.0
        assert "200 credits" in json.dumps(client.call("GET", "/api/v1/models").json)

    def test_a_failure_is_refunded(self, kie: Simulator, client: PlainClient) -> None:
        kie.fault("fail")
        task_id = client.made()
        kie.advance(300)
        data = client.read(task_id)
        assert (data["state"], data["creditsConsumed"], client.credit()) == ("fail", 0.0, 10_000.0)

    def test_a_failure_is_kept_under_the_other_policy(
        self, kie: Simulator, client: PlainClient
    ) -> None:
        kie.settings(refund="keep")
        kie.fault("fail")
        task_id = client.made()
        kie.advance(300)
        assert client.read(task_id)["creditsConsumed"] == 160.0
        assert client.credit() == 9_840.0

    def test_the_movements_add_up_to_the_balance(self, kie: Simulator, client: PlainClient) -> None:
        kie.fault("fail", match={"nth": [2, 3]})
        for _ in range(4):
            client.made()
        kie.balance(50, "top-up")
        kie.advance(300)
        ledger = kie.ledger()
        assert sum(each.credits for each in ledger.movements) == ledger.balance
        kinds = [each.kind for each in ledger.movements]
        assert (kinds.count("charge"), kinds.count("refund")) == (4, 2)


class TestLimits:
    def test_the_21st_create_in_ten_seconds_is_refused_inside_200(
        self, kie: Simulator, client: PlainClient
    ) -> None:
        codes = [client.create()["code"] for _ in range(21)]
        assert codes == [200] * 20 + [429]
        assert len(kie.ledger().tasks) == 20

    def test_the_limit_can_be_a_real_429(self, kie: Simulator, client: PlainClient) -> None:
        kie.settings(creates_per_10s=1, limit_http_status=429)
        client.made()
        body = {"model": MODEL, "input": SOUND}
        reply = client.call("POST", CREATE, body)
        assert (reply.status, reply.json["code"]) == (429, 429)
        assert "Your call frequency is too high" in reply.json["msg"]
        assert "retry-after" not in reply.headers

    def test_the_eleventh_read_in_a_second_is_refused(self, client: PlainClient) -> None:
        task_id = client.made()
        read = [client.call("GET", f"/api/v1/jobs/recordInfo?taskId={task_id}") for _ in range(11)]
        assert [reply.json["code"] for reply in read].count(429) == 1

    def test_a_limit_of_nought_is_none(self, kie: Simulator, client: PlainClient) -> None:
        kie.settings(creates_per_10s=0)
        assert {client.create()["code"] for _ in range(30)} == {200}
