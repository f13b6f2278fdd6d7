"""The reports and the ledger in a browser: charts are drawn, both themes and a phone hold them."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from generations.models import Status
from tests.factories import archive, make_generation

REPORTS = "/admin/generations/ledgerentry/reports/"
LEDGER = "/admin/generations/ledgerentry/"
DRAWN = """() => [...document.querySelectorAll("canvas")].map(
    (canvas) => Boolean(Chart.getChart(canvas)?.data.labels.length)
)"""
OVERFLOW = "() => document.documentElement.scrollWidth - window.innerWidth"


@pytest.mark.parametrize(
    ("language", "is_dark", "is_phone", "title"),
    [
        ("en", False, False, "How the cost is known"),
        ("ru", True, False, "Откуда известна цена"),
        ("ru", False, True, "Откуда известна цена"),
    ],
)
def test_the_report_draws_its_charts_and_fits(cast, visit, language, is_dark, is_phone, title):
    now = datetime.now(UTC)
    archive(make_generation(by=cast.operator, status=Status.SUCCEEDED, at=now))
    make_generation(by=cast.stranger, status=Status.UNKNOWN, at=now)
    visitor = visit(cast.finance, language=language, is_dark=is_dark, is_phone=is_phone)
    visitor.open(REPORTS)
    expect(visitor.page.locator("main, body").first).to_contain_text(title)
    assert visitor.page.evaluate(DRAWN) == [True, True]
    assert visitor.page.evaluate(OVERFLOW) <= 0
    visitor.open(LEDGER)
    assert visitor.page.evaluate(OVERFLOW) <= 0


def test_a_report_is_asked_for_by_clicks_and_taken_home(cast, visit):
    make_generation(by=cast.operator, status=Status.SUCCEEDED)
    visitor = visit(cast.finance)
    page = visitor.page
    visitor.open(REPORTS)
    page.get_by_text("Status", exact=True).click()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table").nth(1)).to_contain_text("Succeeded")
    page.get_by_role("link", name="Last month").click()
    expect(page.locator(".kp-empty")).to_contain_text("Nothing is recorded in these days")
    page.get_by_role("link", name="This month").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.startswith("usage-")
    assert download.value.suggested_filename.endswith(".csv")
