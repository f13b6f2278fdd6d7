"""Presets over REST: versions, sharing, archiving, and who may do what."""

import pytest

from generations.models import Preset
from generations.services.request import DEFAULT_MODEL
from tests.api.calling import calling, faults, problem
from tests.cast import Cast
from tests.factories import make_generation, make_preset

KEYS = [
    "slug", "name", "model", "input", "version", "shared", "owner", "created_at", "changed_at",
]  # fmt: skip
BODY = {"name": "Slow turn", "model": DEFAULT_MODEL, "input": {"duration": 10, "cfg_scale": 0.7}}


def test_a_preset_is_made_with_its_first_version(cast: Cast) -> None:
    caller = calling(cast.operator)
    answer = caller.post("presets/", BODY)

    assert answer.status_code == 201
    body = answer.json()
    assert list(body) == KEYS
    assert body | {"created_at": "", "changed_at": ""} == {
        "slug": "slow-turn",
        "name": "Slow turn",
        "model": DEFAULT_MODEL,
        "input": {"duration": "10", "cfg_scale": 0.7},
        "version": 1,
        "shared": False,
        "owner": "operator",
        "created_at": "",
        "changed_at": "",
    }
    assert answer["Location"] == "/api/v1/presets/slow-turn/"
    assert caller.get(answer["Location"]).json() == body
    assert caller.post("presets/", BODY).json()["slug"] == "slow-turn-2"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": None}, {("/name", "required")}),
        ({"name": " "}, {("/name", "required")}),
        ({"name": "n" * 121}, {("/name", "text_too_long")}),
        ({"name": "a\x00"}, {("/name", "invalid_text")}),
        ({"name": 5, "shared": "yes"}, {("/name", "not_a_text"), ("/shared", "not_a_flag")}),
        ({"model": None}, {("/model", "required")}),
        ({"model": "kling/none"}, {("/model", "unknown_model")}),
        ({"input": None}, {("/input", "required")}),
        ({"input": {"duration": 7}}, {("/input/duration", "invalid_choice")}),
        ({"input": {"seed": 7}}, {("/input/seed", "unknown_field")}),
        ({"owner": "lead"}, {("/owner", "unknown_field")}),
    ],
)
def test_a_broken_rule_is_named(
    cast: Cast, change: dict[str, object], expected: set[tuple[str, str]]
) -> None:
    assert faults(calling(cast.operator).post("presets/", BODY | change)) == expected
    assert not Preset.objects.exists()


def test_parameters_that_are_no_object_are_refused(cast: Cast) -> None:
    answer = calling(cast.operator).post("presets/", BODY | {"input": []})

    assert problem(answer, 400, "invalid")["errors"][0]["code"] == "invalid_type"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_of_the_parameters_is_a_new_version(cast: Cast, method: str) -> None:
    caller = calling(cast.operator)
    slug = caller.post("presets/", BODY).json()["slug"]

    same = caller.send(method, f"presets/{slug}/", {"input": BODY["input"]}).json()
    other = caller.send(method, f"presets/{slug}/", {"input": {"duration": "5"}}).json()

    assert (same["version"], other["version"]) == (1, 2)
    assert other["input"] == {"duration": "5"}
    versions = caller.get(f"presets/{slug}/versions/").json()["results"]
    assert [(v["version"], v["input"], v["created_by"]) for v in versions] == [
        (2, {"duration": "5"}, "operator"),
        (1, {"duration": "10", "cfg_scale": 0.7}, "operator"),
    ]


def test_name_and_sharing_change_without_a_version(cast: Cast) -> None:
    caller = calling(cast.operator)
    caller.post("presets/", BODY)

    changed = caller.send("PATCH", "presets/slow-turn/", {"name": "Turn", "shared": True}).json()

    assert (changed["name"], changed["shared"], changed["version"]) == ("Turn", True, 1)
    assert changed["slug"] == "slow-turn"


@pytest.mark.parametrize(
    ("method", "body", "expected"),
    [
        ("PUT", {"name": "Turn"}, {("/input", "required")}),
        ("PATCH", {"model": "kling/other"}, {("/model", "cannot_change")}),
        ("PATCH", {"name": ""}, {("/name", "required")}),
        ("PATCH", {"name": "ok", "input": {"duration": 7}}, {("/input/duration", "invalid_choice")}),
        ("PATCH", {"version": 9}, {("/version", "unknown_field")}),
    ],
)  # fmt: skip
def test_a_bad_change_changes_nothing(
    cast: Cast, method: str, body: dict[str, object], expected: set[tuple[str, str]]
) -> None:
    caller = calling(cast.operator)
    before = caller.post("presets/", BODY).json()

    assert faults(caller.send(method, "presets/slow-turn/", body)) == expected
    assert caller.get("presets/slow-turn/").json() == before


def test_an_archived_preset_is_gone_but_not_from_what_it_made(cast: Cast) -> None:
    caller, preset = calling(cast.operator), make_preset(by=cast.operator)
    slug = preset.preset.slug
    generation = make_generation(by=cast.operator, preset=slug)

    answer = caller.send("DELETE", f"presets/{slug}/")

    assert (answer.status_code, answer.content) == (204, b"")
    problem(caller.get(f"presets/{slug}/"), 404, "not_found")
    problem(caller.get(f"presets/{slug}/versions/"), 404, "not_found")
    problem(caller.send("DELETE", f"presets/{slug}/"), 404, "not_found")
    assert caller.get("presets/").json()["results"] == []
    shown = caller.get(f"generations/{generation.pk}/").json()
    assert shown["preset"] == {"slug": slug, "version": 1}
    assert len(caller.get(f"generations/?preset={slug}").json()["results"]) == 1


def test_an_operator_sees_own_and_shared_presets_and_others_see_all(cast: Cast) -> None:
    make_preset(by=cast.operator, name="mine")
    make_preset(by=cast.stranger, name="theirs")
    make_preset(by=cast.stranger, name="shared", is_shared=True)

    for person, expected in [
        (cast.operator, ["shared", "mine"]),
        (cast.stranger, ["shared", "theirs"]),
        (cast.lead, ["shared", "theirs", "mine"]),
        (cast.auditor, ["shared", "theirs", "mine"]),
    ]:
        rows = calling(person).get("presets/").json()["results"]
        assert [row["name"] for row in rows] == expected


def test_a_shared_preset_is_used_by_all_and_changed_by_its_owner_and_the_lead(cast: Cast) -> None:
    slug = make_preset(by=cast.stranger, is_shared=True).preset.slug
    change = {"input": {"duration": "5"}}

    operator = calling(cast.operator)
    assert operator.get(f"presets/{slug}/").status_code == 200
    for method in ("PUT", "PATCH", "DELETE"):
        body = None if method == "DELETE" else change
        problem(operator.send(method, f"presets/{slug}/", body), 403, "permission_denied")
    assert calling(cast.stranger).send("PUT", f"presets/{slug}/", change).json()["version"] == 2
    assert calling(cast.lead).send("DELETE", f"presets/{slug}/").status_code == 204


def test_presets_come_in_pages(cast: Cast) -> None:
    for number in range(3):
        make_preset(by=cast.operator, name=f"p{number}")
    caller = calling(cast.operator)

    first = caller.get("presets/?page_size=2").json()
    second = caller.get(first["next"]).json()

    assert [row["name"] for row in first["results"] + second["results"]] == ["p2", "p1", "p0"]
    assert second["next"] is None
    assert faults(caller.get("presets/?model=x")) == {("/query/model", "unknown_filter")}
