"""Every fault of a result file leaves the naive client with a wrong file, none, or no end."""

import threading
from contextlib import suppress

import pytest
import requests
from urllib3.exceptions import HTTPError

from kie_simulator.testing import Simulator
from kie_simulator.wrong_files import WRONG_TYPES
from tests.simulator.bites import (
    BROKEN,
    LATE,
    UNREAD,
    Case,
    case,
    dripped,
    outlasts_its_time_out,
    table,
)
from tests.simulator.naive import NaiveClient
from tests.simulator.plain_client import CREATE, Listener, PlainClient, until

pytestmark = pytest.mark.no_database

SPOILED = [
    *UNREAD,
    *LATE,
    *BROKEN,
    case("html", http_status=200),
    case("expired"),
    case("expired", http_status=403),
    *(case("wrong_type", variant=variant) for variant in WRONG_TYPES),
    *(case("cut_file", fraction=fraction) for fraction in (0.01, 0.5, 0.999)),
    *(case("truncate", fraction=fraction) for fraction in (0.01, 0.999)),
    case("gzip_encoded"),
    case("redirect_loop"),
]
ON_RESULT = [*SPOILED, *dripped(300), case("endless"), case("redirect")]


@pytest.fixture
def url(kie: Simulator, client: PlainClient, naive: NaiveClient) -> str:
    task_id = client.made(prompt="a cat")
    kie.advance(300)
    return client.result_url(task_id)


@table(SPOILED)
def test_the_video_is_not_saved_soundly(
    kie: Simulator, client: PlainClient, naive: NaiveClient, url: str, fault: Case
) -> None:
    sound = client.get(url).body
    kie.fault(
        fault.kind, on="result", match={"prompt_contains": "cat", "times": 40}, **fault.params
    )
    saved = False
    with suppress(requests.RequestException, HTTPError, OSError):
        naive.save("it", url)
        saved = True
    assert not (saved and naive.files["it"].read_bytes() == sound)


@table(dripped(300))
def test_a_download_has_no_deadline(
    kie: Simulator, naive: NaiveClient, url: str, fault: Case
) -> None:
    kie.fault(fault.kind, on="result", **fault.params)
    assert outlasts_its_time_out(naive, lambda: naive.save("it", url))


def test_a_download_without_an_end_fills_the_disk(
    kie: Simulator, naive: NaiveClient, url: str
) -> None:
    kie.fault("endless", on="result")

    def save() -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the cut connection raises
            naive.save("it", url)

    saving = threading.Thread(target=save)
    saving.start()
    until(lambda: "it" in naive.files and naive.files["it"].stat().st_size > 10**7)
    kie.stop()
    saving.join(timeout=5)
    assert not saving.is_alive()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_download_is_led_into_the_inside(
    kie: Simulator, naive: NaiveClient, url: str, listener: Listener, status: int
) -> None:
    kie.fault("redirect", on="result", status=status, location=listener.url)
    naive.save("it", url)
    assert listener.visits == ["/hook/token?x=1"]


def test_an_expired_link_can_be_made_fresh(kie: Simulator, client: PlainClient, url: str) -> None:
    kie.fault("expired", on="result")
    assert client.get(url).status == 404
    fresh = client.call("POST", "/api/v1/common/download-url", {"url": url}).json["data"]
    assert client.get(fresh).status == 200


def test_a_fault_of_the_result_does_not_touch_the_order(
    kie: Simulator, client: PlainClient, url: str
) -> None:
    kie.fault("expired", on="result")
    assert client.create()["code"] == 200
    assert [each.faults for each in kie.requests(CREATE)] == [(), ()]
