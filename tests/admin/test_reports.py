"""The reports and the ledger as pages: who sees them, what they say, what they hand out."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from openpyxl import load_workbook

from generations.models import LedgerEntry, Status
from tests.factories import archive, make_generation, make_project

REPORTS = "/admin/generations/ledgerentry/reports/"
LEDGER = "/admin/generations/ledgerentry/"
AT = datetime(2026, 11, 10, 10, tzinfo=UTC)
NOVEMBER = "range=custom&from=2026-11-01&to=2026-11-30"
PAGES = [
    REPORTS,
    f"{REPORTS}csv/",
    f"{REPORTS}xlsx/",
    LEDGER,
    f"{LEDGER}1/change/",
    f"{LEDGER}export/csv/",
    f"{LEDGER}export/xlsx/",
]


def text_of(answer):
    return " ".join(unescape(answer.content.decode()).split())


def read(answer):
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))


@pytest.mark.parametrize("address", PAGES)
def test_the_ledger_and_the_reports_are_for_those_who_answer_for_money(cast, login, address):
    make_generation(by=cast.operator)
    answers = {
        person: login(getattr(cast, person)).get(address).status_code
        for person in ("operator", "lead", "finance", "auditor", "administrator")
    }
    allowed = dict.fromkeys(("lead", "finance", "auditor", "administrator"), 200)
    assert answers == {"operator": 403} | allowed


@pytest.mark.parametrize("form", ["pdf", "csvx", "json"])
def test_there_is_no_other_form(cast, login, form):
    client = login(cast.finance)
    assert client.get(f"{REPORTS}{form}/").status_code == 404
    assert client.get(f"{LEDGER}export/{form}/").status_code == 404


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Nothing is recorded in these days", "Nothing is at risk.", "Held now", "$0.00"]),
        ("ru", ["За эти дни ничего не записано", "Под риском ничего нет.", "Отчёты"]),
    ],
)
def test_a_report_with_nothing_recorded_says_so(cast, login, language, words):
    text = text_of(login(cast.finance, language).get(f"{REPORTS}?{NOVEMBER}"))
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Spent by day", "How the cost is known", "Money at risk", "Charged, not archived"]),
        ("ru", ["Потрачено по дням", "Откуда известна цена", "Деньги под риском", "Итого"]),
    ],
)
def test_the_page_shows_figures_tables_and_what_is_at_risk(cast, login, language, words):
    archive(make_generation(by=cast.operator, status=Status.SUCCEEDED, at=AT))
    make_generation(by=cast.stranger, status=Status.SUCCEEDED, at=AT)
    answer = login(cast.finance, language).get(f"{REPORTS}?{NOVEMBER}&by=user&by=status")
    text = text_of(answer)
    for word in [*words, "$1.60", "operator", "stranger"]:
        assert word in text
    chart = json.loads(answer.context["day_chart"])
    assert len(chart["labels"]) == 30
    assert sum(chart["datasets"][0]["data"]) == pytest.approx(1.6)
    assert answer.context["group_grid"].total.usd == "$1.60"
    assert answer.context["figures"][3]["value"] == "$0.32"


def test_every_way_to_group_is_shown_by_name(cast, login, data_dir):
    make_project("spring")
    made = make_generation(by=cast.operator, status=Status.SUCCEEDED, at=AT, project="spring")
    make_generation(by=cast.operator, at=AT)
    keys = "&by=".join(["day", "user", "model", "project", "preset", "status", "price"])
    answer = login(cast.finance).get(f"{REPORTS}?{NOVEMBER}&by={keys}")
    names = answer.context["group_grid"].lines[0].names
    assert names[1:6] == ("operator", made.model, "spring", "—", "Succeeded")
    assert "duration=5" in names[6]


@pytest.mark.parametrize("name", ["this_month", "last_month", "30_days", "nonsense", ""])
def test_ranges_are_a_click_away(cast, login, name):
    now = datetime.now(UTC)
    make_generation(by=cast.operator, at=now)
    make_generation(by=cast.operator, at=now - timedelta(days=29))
    answer = login(cast.finance).get(f"{REPORTS}?range={name}")
    assert answer.status_code == 200
    assert answer.context["query"].days.first.day == 1 or name == "30_days"
    if name == "30_days":
        assert answer.context["day_grid"].total.generations == 2


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=2026-11-30&to=2026-11-01", "The last day cannot be before the first."),
        ("from=&to=2026-11-01", "Give both days, the first and the last."),
        ("from=x&to=y", "Give both days, the first and the last."),
        ("from=1970-01-01&to=2099-01-01", "A report covers ten years at most."),
        ("from=0001-01-01&to=9999-12-31", "Give both days, the first and the last."),
    ],
)
def test_a_bad_range_is_told_and_this_month_is_shown(cast, login, query, sentence):
    answer = login(cast.finance).get(f"{REPORTS}?range=custom&{query}")
    assert sentence in text_of(answer)
    assert answer.context["query"].range == "this_month"


def test_many_groups_are_cut_and_counted_in_the_total(cast, login):
    for n in range(101):
        make_generation(by=User.objects.create_user(f"person{n}"), at=AT)
    grid = login(cast.finance).get(f"{REPORTS}?{NOVEMBER}").context["group_grid"]
    assert (len(grid.lines), grid.left_out, grid.total.generations) == (100, 1, 101)


def test_the_export_is_what_the_page_shows(cast, login):
    make_generation(by=cast.operator, status=Status.SUCCEEDED, at=AT)
    client = login(cast.finance)
    lines = read(client.get(f"{REPORTS}csv/?{NOVEMBER}&by=user&by=status"))
    assert lines[1][:6] == ["operator", "succeeded", "1", "160.00", "0.8000", "0.0"]
    assert lines[-1][0] == "total"
    answer = client.get(f"{REPORTS}xlsx/?{NOVEMBER}")
    assert "usage-2026-11-01-2026-11-30.xlsx" in answer["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert [cell.value for cell in sheet[2]][:4] == ["operator", 1, 160, 0.8]


def test_names_of_people_are_no_formulas_and_no_markup(cast, login):
    evil = User.objects.create_user("+cmd|'/c calc'!A0", password="x")
    make_generation(by=evil, status=Status.SUCCEEDED, at=AT)
    script = User.objects.create_user("<script>alert(1)</script>", password="x")
    make_generation(by=script, status=Status.SUCCEEDED, at=AT)
    client = login(cast.finance)
    names = {line[0] for line in read(client.get(f"{REPORTS}csv/?{NOVEMBER}"))}
    assert "'+cmd|'/c calc'!A0" in names
    assert "<script>alert" not in client.get(f"{REPORTS}?{NOVEMBER}").content.decode()
    assert "<script>alert" not in client.get(LEDGER).content.decode()


def test_the_ledger_shows_the_chain_and_its_entries(cast, login):
    made = make_generation(by=cast.operator, status=Status.SUCCEEDED, at=AT)
    text = text_of(login(cast.auditor).get(LEDGER))
    last = LedgerEntry.objects.order_by("-seq")[0]
    assert f"The chain ends at entry {last.seq}" in text
    assert last.hash[:16] in text
    assert str(made.pk)[:8] in text
    assert "−$0.80" in text


@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_empty_ledger_says_so(cast, login, language):
    text = text_of(login(cast.auditor, language).get(LEDGER))
    assert {"en": "No money has moved yet", "ru": "Деньги ещё не двигались"}[language] in text


def test_the_ledger_is_filtered_searched_and_exported_alike(cast, login):
    first = make_generation(by=cast.operator, status=Status.SUCCEEDED, at=AT)
    make_generation(by=cast.operator, at=datetime(2026, 9, 1, tzinfo=UTC))
    posting = LedgerEntry.objects.filter(kind="settle")[0].posting
    client = login(cast.finance)
    expected = {
        "account__exact=spent": 1,
        "kind__exact=hold": 4,
        "period=2026-09": 2,
        "period=2026-10": 0,
        f"q={first.pk}": 4,
        f"q={posting}": 2,
        "q=nothing": 0,
        "": 6,
    }
    found = {}
    for query in expected:
        shown = client.get(f"{LEDGER}?{query}").context["cl"].result_count
        assert len(read(client.get(f"{LEDGER}export/csv/?{query}"))) == shown + 2
        found[query] = shown
    assert found == expected


def test_nobody_changes_the_ledger_by_hand(cast, login):
    make_generation(by=cast.operator)
    root = User.objects.create_superuser("root", password="x")
    for address in (f"{LEDGER}1/change/", f"{LEDGER}1/delete/", f"{LEDGER}add/"):
        assert login(root).post(address, {}).status_code == 403
