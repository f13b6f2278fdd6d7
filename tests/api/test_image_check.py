"""A picture given by its address, looked at before anything is stored."""

from typing import Any

import pytest

from generations.media import FetchFailed, FetchRefused
from generations.models import Generation, Lease
from generations.services.image_check import DEADLINE_S, MOST_BYTES
from tests.api.calling import calling, faults, problem
from tests.cast import Cast
from tests.factories import IMAGE_URL, an_input, make_image, picture


class OneAnswer:
    """A fetcher that answers the same whatever it is asked, and remembers what it was asked."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, int, float]] = []

    def read(self, url: str, *, max_bytes: int, deadline_s: float) -> bytes:
        self.asked.append((url, max_bytes, deadline_s))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def _create(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any, answer: bytes | Exception
) -> tuple[Any, OneAnswer]:
    settings.CHECK_IMAGE_URLS = True
    fetcher = OneAnswer(answer)
    monkeypatch.setattr("generations.provider.fetcher", lambda: fetcher)
    made = calling(cast.operator).create({"input": an_input()}, accept_language="en")
    return made, fetcher


def test_a_sound_picture_passes_without_a_word(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    made, fetcher = _create(cast, monkeypatch, settings, picture())

    assert (made.status_code, made.json()["warnings"]) == (201, [])
    assert fetcher.asked == [(IMAGE_URL, MOST_BYTES, DEADLINE_S)]


@pytest.mark.parametrize(
    ("data", "code"), [(picture(200, 400), "too_small"), (picture(1200, 300), "wrong_ratio")]
)
def test_a_picture_that_breaks_the_rules_is_refused(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any, data: bytes, code: str
) -> None:
    made, _ = _create(cast, monkeypatch, settings, data)

    assert faults(made) == {("/input/image_url", code)}
    assert not Generation.objects.exists()


@pytest.mark.parametrize(
    "answer",
    [
        FetchFailed("no route"),
        FetchFailed("not there", 404),
        FetchRefused("a private address"),
        b"<html>please log in</html>",
        picture()[:2000],
    ],
    ids=["unreachable", "404", "forbidden", "a page", "cut short"],
)
def test_what_could_not_be_looked_at_is_a_warning(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any, answer: bytes | Exception
) -> None:
    made, _ = _create(cast, monkeypatch, settings, answer)

    assert made.status_code == 201
    assert [warning["code"] for warning in made.json()["warnings"]] == ["image_not_checked"]
    assert "image_url" in made.json()["warnings"][0]["detail"]


def test_an_uploaded_picture_and_a_replay_are_not_fetched(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any, data_dir: object
) -> None:
    settings.CHECK_IMAGE_URLS = True
    fetcher = OneAnswer(picture())
    monkeypatch.setattr("generations.provider.fetcher", lambda: fetcher)
    caller, image = calling(cast.operator), make_image(by=cast.operator)

    caller.create({"input": {"prompt": "A"}, "image": str(image.pk)})
    assert fetcher.asked == []

    caller.create({"input": an_input()}, "k")
    caller.create({"input": an_input()}, "k")
    caller.create({"input": an_input(prompt="")}, "new")
    assert len(fetcher.asked) == 1


def test_while_the_first_request_looks_its_key_is_in_use(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CHECK_IMAGE_URLS = True
    caller, body = calling(cast.operator), {"input": an_input()}
    meanwhile: list[Any] = []

    class Slow(OneAnswer):
        def read(self, url: str, *, max_bytes: int, deadline_s: float) -> bytes:
            meanwhile.append(caller.create(body, "k"))
            return super().read(url, max_bytes=max_bytes, deadline_s=deadline_s)

    fetcher = Slow(picture())
    monkeypatch.setattr("generations.provider.fetcher", lambda: fetcher)

    first = caller.create(body, "k")
    assert first.status_code == 201
    problem(meanwhile[0], 409, "request_in_progress")
    assert meanwhile[0]["Retry-After"] == "1"
    assert caller.create(body, "k").content == first.content
    assert Generation.objects.count() == 1
    assert not Lease.objects.exists()


def test_nothing_is_fetched_unless_it_is_asked_for(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetcher = OneAnswer(picture(10, 10))
    monkeypatch.setattr("generations.provider.fetcher", lambda: fetcher)

    assert calling(cast.operator).create({"input": an_input()}).status_code == 201
    assert fetcher.asked == []
