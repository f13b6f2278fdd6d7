"""The balance and fresh download links."""

import json
from decimal import Decimal

import pytest

from generations.kie import (
    NotVisible,
    ReadFailed,
    Unreadable,
)
from tests.kie.conftest import MakeClient
from tests.kie.records import VIDEO
from tests.kie.wire_server import answering, http, serving

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    ("data", "balance"), [(100, "100"), (5916.25, "5916.25"), ("80.5", "80.5"), (0, "0")]
)
def test_the_balance_is_exact(client_for: MakeClient, data: object, balance: str) -> None:
    with serving(answering(http(200, {"code": 200, "msg": "success", "data": data}))) as server:
        assert client_for(server.url).credit_balance() == Decimal(balance)
        assert server.requests[0].startswith(b"GET /api/v1/chat/credit HTTP/1.1\r\n")


@pytest.mark.parametrize("data", [None, True, "much", [], {"credits": 5}, float("nan")])
def test_a_balance_that_is_no_number_is_unreadable(client_for: MakeClient, data: object) -> None:
    answer = answering(http(200, {"code": 200, "data": data}))
    with serving(answer) as server, pytest.raises(Unreadable):
        client_for(server.url).credit_balance()


def test_a_fresh_link_is_the_bare_text_of_data(client_for: MakeClient) -> None:
    with serving(answering(http(200, {"code": 200, "data": VIDEO + "?signed=1"}))) as server:
        assert client_for(server.url).fresh_download_url(VIDEO) == VIDEO + "?signed=1"
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/v1/common/download-url HTTP/1.1\r\n")
    assert json.loads(body) == {"url": VIDEO}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"code": 422, "msg": "url is wrong"}, NotVisible),
        ({"code": 200, "data": {"url": VIDEO}}, Unreadable),
        ({"code": 200, "data": "javascript:alert(1)"}, Unreadable),
    ],
)
def test_no_fresh_link(
    client_for: MakeClient, body: dict[str, object], expected: type[ReadFailed]
) -> None:
    with serving(answering(http(200, body))) as server, pytest.raises(expected):
        client_for(server.url).fresh_download_url(VIDEO)
