"""GET usage/: rows by any keys, for days in TIME_ZONE, as JSON and as files."""

import csv
import io
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

from generations.models import Scope, Status
from tests.api.calling import calling, faults, problem
from tests.cast import Cast
from tests.factories import archive, make_generation, make_project

NOVEMBER = "from=2026-11-01&to=2026-11-30"


def make_november(cast: Cast) -> None:
    make_project("spring")
    at = datetime(2026, 11, 30, 20, 59, tzinfo=UTC)
    archive(make_generation(by=cast.operator, status=Status.SUCCEEDED, at=at, project="spring"))
    make_generation(by=cast.stranger, status=Status.FAILED, at=at)


def test_rows_have_the_groups_keys_and_their_amounts(cast: Cast, data_dir: object) -> None:
    make_november(cast)
    answer = calling(cast.finance).get(f"usage/?group_by=day,user,project,status&{NOVEMBER}")
    assert answer.json() == {
        "from": "2026-11-01",
        "to": "2026-11-30",
        "rows": [
            {
                "day": "2026-11-30",
                "user": "operator",
                "project": "spring",
                "status": "succeeded",
                "generations": 1,
                "credits": "160.00",
                "usd": "0.8000",
                "seconds": 5.0,
            },
            {
                "day": "2026-11-30",
                "user": "stranger",
                "project": None,
                "status": "failed",
                "generations": 1,
                "credits": "0.00",
                "usd": "0.0000",
                "seconds": 0.0,
            },
        ],
        "total": {"generations": 2, "credits": "160.00", "usd": "0.8000", "seconds": 5.0},
    }


@pytest.mark.parametrize("keys", ["model", "preset", "price", "model,price,day", "user,user"])
def test_every_key_of_the_interface_is_known(cast: Cast, data_dir: object, keys: str) -> None:
    make_november(cast)
    (row, *_) = calling(cast.finance).get(f"usage/?group_by={keys}&{NOVEMBER}").json()["rows"]
    amounts = ["generations", "credits", "usd", "seconds"]
    assert list(row) == [*dict.fromkeys(keys.split(",")), *amounts]


def test_without_days_it_is_everything_until_today(cast: Cast) -> None:
    make_generation(by=cast.operator, at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    made = make_generation(by=cast.operator)
    body = calling(cast.finance).get("usage/").json()
    assert body["from"] == "2026-03-01"
    assert body["total"]["generations"] == 2
    assert body["rows"][-1]["day"] == body["to"] >= f"{made.created_at:%Y-%m-%d}"


def test_nothing_recorded_is_no_rows_and_zeros(cast: Cast) -> None:
    body = calling(cast.finance).get(f"usage/?{NOVEMBER}").json()
    assert body["rows"] == []
    assert body["total"] == {"generations": 0, "credits": "0.00", "usd": "0.0000", "seconds": 0.0}


def test_an_operator_sees_only_what_is_own(cast: Cast, data_dir: object) -> None:
    make_november(cast)
    caller = calling(cast.stranger, Scope.USAGE_READ)
    body = caller.get(f"usage/?group_by=user&{NOVEMBER}").json()
    assert [row["user"] for row in body["rows"]] == ["stranger"]
    assert body["total"]["usd"] == "0.0000"


BAD = [
    ("group_by=colour", "/query/group_by", "unknown_value"),
    ("group_by=", "/query/group_by", "unknown_value"),
    ("group_by=day,,user", "/query/group_by", "unknown_value"),
    ("group_by=Day", "/query/group_by", "unknown_value"),
    ("from=yesterday", "/query/from", "not_a_day"),
    ("from=2026-02-30", "/query/from", "not_a_day"),
    ("from=20261101", "/query/from", "not_a_day"),
    ("from=", "/query/from", "not_a_day"),
    ("to=2026-11-01T00:00:00Z", "/query/to", "not_a_day"),
    ("to=0001-01-01", "/query/to", "not_a_day"),
    ("to=9999-12-31", "/query/to", "not_a_day"),
    ("from=2026-11-02&to=2026-11-01", "/query/to", "before_from"),
    ("from=2026-11-02&from=2026-11-01", "/query/from", "more_than_one"),
    ("format=pdf", "/query/format", "unknown_value"),
    ("colour=red", "/query/colour", "unknown_filter"),
]


@pytest.mark.parametrize(("query", "pointer", "code"), BAD)
def test_what_is_not_known_is_refused(cast: Cast, query: str, pointer: str, code: str) -> None:
    assert faults(calling(cast.finance).get(f"usage/?{query}")) == {(pointer, code)}


def test_csv_has_the_same_rows_and_a_control_row(cast: Cast, data_dir: object) -> None:
    make_november(cast)
    caller = calling(cast.finance)
    answer = caller.get(f"usage/?group_by=user&{NOVEMBER}&format=csv", accept="text/csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert "usage-2026-11-01-2026-11-30.csv" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["user"] for row in rows] == ["operator", "stranger", "total"]
    assert [row["usd"] for row in rows] == ["0.8000", "0.0000", "0.8000"]
    assert rows[-1]["as_of"].endswith("Z")


def test_xlsx_has_numbers(cast: Cast, data_dir: object) -> None:
    make_november(cast)
    answer = calling(cast.finance).get(f"usage/?group_by=user&{NOVEMBER}&format=xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert [cell.value for cell in sheet[2]][:4] == ["operator", 1, 160, 0.8]


def test_only_a_file_may_be_asked_for_as_something_else_than_json(cast: Cast) -> None:
    answer = calling(cast.finance).get("usage/", accept="text/csv")
    problem(answer, 406, "not_acceptable")
