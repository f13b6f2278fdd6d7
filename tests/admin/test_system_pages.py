"""The lane, incidents, tokens, projects, prices and the frame around them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.utils.translation import override

from generations.models import ApiToken, Incident, IncidentKind, Price, Project
from generations.services import incidents, lane
from tests.cast import make_token
from tests.factories import make_generation

LANE = "/admin/generations/lane/"
TOKENS = "/admin/generations/apitoken/"
PROJECTS = "/admin/generations/project/"


def an_incident():
    incidents.report(IncidentKind.OVERCHARGE, cause="320 instead of 160", now=datetime.now(UTC))
    return Incident.objects.get()


def test_a_lead_pauses_with_a_reason_and_every_page_says_so(cast, login):
    login(cast.lead).post(f"{LANE}pause/", {"reason": "audit of the bill"})

    assert lane.get().paused_by == "lead"
    for address in (
        "/admin/",
        "/admin/generations/generation/",
        LANE,
        "/admin/generations/preset/",
    ):
        assert "audit of the bill" in login(cast.operator).get(address).content.decode()


def test_a_pause_needs_a_reason(cast, login):
    login(cast.lead).post(f"{LANE}pause/", {"reason": "  "})
    assert lane.get().paused_at is None


def test_resuming_asks_first_and_clears_pause_and_refusal(cast, login):
    now = datetime.now(UTC)
    lane.block(code=402, message="Credits insufficient", now=now)
    lane.pause(by="lead", reason="audit", now=now)
    client = login(cast.lead)

    assert client.get(f"{LANE}resume/").status_code == 200
    assert lane.get().paused_at is not None
    client.post(f"{LANE}resume/")
    assert lane.get().paused_at is None
    assert lane.get().blocked_code is None


def test_a_refused_account_is_told_with_its_code_and_the_next_try(cast, login):
    lane.block(code=402, message="Credits insufficient", now=datetime.now(UTC))
    text = login(cast.operator).get(LANE).content.decode()
    assert "402" in text
    assert "Credits insufficient" in text
    assert "Next try" in text


def test_operators_watch_the_lane_and_cannot_switch_it(cast, login):
    client = login(cast.operator)
    assert "pause/" not in client.get(LANE).content.decode()
    assert client.post(f"{LANE}pause/", {"reason": "x"}).status_code == 403
    assert client.post(f"{LANE}resume/").status_code == 403
    assert client.get(f"{LANE}resume/").status_code == 403


def test_an_incident_is_closed_once_with_a_note(cast, login):
    incident = an_incident()
    address = f"/admin/generations/incident/{incident.pk}/"
    client = login(cast.administrator)
    assert "320 instead of 160" in client.get(f"{address}change/").content.decode()

    client.post(f"{address}close/", {"note": " "})
    incident.refresh_from_db()
    assert incident.closed_at is None

    client.post(f"{address}close/", {"note": "KIE corrected it"})
    client.post(f"{address}close/", {"note": "another story"})
    incident.refresh_from_db()
    assert incident.closing_note == "KIE corrected it"
    assert incident.closed_by == cast.administrator


def test_the_auditor_reads_incidents_and_closes_none(cast, login):
    incident = an_incident()
    address = f"/admin/generations/incident/{incident.pk}/"
    client = login(cast.auditor)
    assert "close/" not in client.get(f"{address}change/").content.decode()
    assert client.post(f"{address}close/", {"note": "x"}).status_code == 403
    assert login(cast.operator).get(f"{address}change/").status_code == 403


def test_a_token_is_shown_once_and_works(cast, login):
    client = login(cast.administrator)
    form = {"name": "nightly", "scopes": ["generations:read"], "expires_days": "30"}
    token = client.post(f"{TOKENS}add/", form).context["token"]

    record = ApiToken.objects.get()
    assert (record.name, record.scopes) == ("nightly", ["generations:read"])
    assert record.expiry - datetime.now(UTC) < timedelta(days=31)
    assert token not in client.get(TOKENS).content.decode()
    answer = Client().get("/api/v1/generations/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_a_token_needs_a_name_and_a_scope(cast, login):
    response = login(cast.administrator).post(f"{TOKENS}add/", {"name": ""})
    assert set(response.context["form"].errors) == {"name", "scopes"}
    assert not ApiToken.objects.exists()


def test_people_see_and_revoke_their_own_tokens_and_no_others(cast, login):
    make_token(cast.operator)
    make_token(cast.stranger)
    own, foreign = (ApiToken.objects.get(user=u) for u in (cast.operator, cast.stranger))
    client = login(cast.operator)

    assert [t.pk for t in client.get(TOKENS).context["cl"].result_list] == [own.pk]
    assert client.post(f"{TOKENS}{foreign.pk}/revoke/").status_code == 404
    assert client.get(f"{TOKENS}{own.pk}/revoke/").status_code == 405
    client.post(f"{TOKENS}{own.pk}/revoke/")
    assert list(ApiToken.objects.all()) == [foreign]
    assert client.get(f"{TOKENS}add/").status_code == 403

    login(cast.administrator).post(f"{TOKENS}{foreign.pk}/revoke/")
    assert not ApiToken.objects.exists()


def test_a_lead_makes_and_archives_a_project(cast, login):
    client = login(cast.lead)
    client.post(f"{PROJECTS}add/", {"name": "Spring", "slug": "spring"})
    project = Project.objects.get()
    change = f"{PROJECTS}{project.pk}/change/"
    client.post(change, {"name": "Spring", "is_archived": "on"})
    project.refresh_from_db()
    assert project.archived_at is not None
    assert (
        'value="spring"'
        not in login(cast.operator).get("/admin/generations/generation/add/").content.decode()
    )


def test_prices_are_read_by_finance(cast, login):
    text = login(cast.finance).get("/admin/generations/price/").content.decode()
    assert "duration=5" in text
    assert "$0.80" in text
    assert login(cast.operator).get("/admin/generations/price/").status_code == 403


@pytest.mark.parametrize(
    "model", ["generation", "price", "incident", "preset", "project", "apitoken"]
)
def test_not_even_a_superuser_deletes_or_edits_records(cast, login, model):
    root = User.objects.create_superuser("root", password="x")
    make_generation(by=root)
    an_incident()
    request = type("Request", (), {"user": root})()
    model_admin = next(a for m, a in admin.site._registry.items() if m._meta.model_name == model)
    assert not model_admin.has_delete_permission(request)
    assert model_admin.actions is None
    if model in {"generation", "price", "incident", "apitoken"}:
        assert not model_admin.has_change_permission(request)


def test_a_price_row_cannot_be_posted_over(cast, login):
    root = User.objects.create_superuser("root", password="x")
    price = Price.objects.first()
    response = login(root).post(f"/admin/generations/price/{price.pk}/change/", {"note": "mine"})
    assert response.status_code == 403
    assert login(root).post(f"/admin/generations/price/{price.pk}/delete/").status_code == 403


def test_only_our_pages_are_in_the_admin(db):
    shown = {model._meta.label for model in admin.site._registry}
    assert shown == {
        "auth.User",
        "auth.Group",
        "generations.ApiToken",
        "generations.BalanceBreak",
        "generations.Budget",
        "generations.Generation",
        "generations.Incident",
        "generations.Lane",
        "generations.LedgerEntry",
        "generations.Preset",
        "generations.Price",
        "generations.Project",
    }
    assert "delete_selected" not in dict(admin.site.actions)


def test_an_administrator_cannot_make_a_superuser(cast, login):
    keeper = User.objects.create_user("keeper", password="x", is_staff=True)
    from_auth = keeper.user_permissions.model.objects.filter(content_type__app_label="auth")
    keeper.user_permissions.set(from_auth)
    root = User.objects.create_superuser("root", password="old")
    client = login(keeper)

    text = client.get(f"/admin/auth/user/{keeper.pk}/change/").content.decode()
    assert 'name="is_superuser"' not in text
    assert client.post(f"/admin/auth/user/{root.pk}/password/", {}).status_code == 403


@pytest.mark.parametrize("person", ["operator", "lead", "finance", "auditor", "administrator"])
def test_every_line_of_the_sidebar_opens_for_those_who_see_it(cast, login, person):
    client = login(getattr(cast, person))
    groups = client.get("/admin/").context["sidebar_navigation"]
    lines = [item for group in groups for item in group["items"] if item["has_permission"]]
    assert lines
    for line in lines:
        assert client.get(line["link"]).status_code == 200


def test_every_button_wants_a_csrf_token(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.administrator)
    generation = make_generation(by=cast.administrator)
    for address in (
        f"{LANE}pause/",
        f"{LANE}resume/",
        f"{TOKENS}add/",
        f"/admin/generations/generation/{generation.pk}/cancel/",
        f"/admin/generations/generation/{generation.pk}/retry/",
        "/admin/generations/generation/add/",
        "/admin/generations/preset/add/",
    ):
        assert client.post(address, {}).status_code == 403


def test_the_language_switch_changes_the_interface(cast, login):
    client = login(cast.operator, "en")
    assert "Generations" in client.get("/admin/").content.decode()
    client.post("/i18n/setlang/", {"language": "ru", "next": "/admin/"})
    assert "Генерации" in client.get("/admin/").content.decode()


def test_pages_forbid_inline_scripts_and_other_hosts(cast, login):
    policy = login(cast.operator).get("/admin/")["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if "script-src" in part)
    assert "'unsafe-inline'" not in scripts
    assert "http" not in scripts


def test_the_environment_badge_says_whether_money_is_real(cast, login, settings):
    assert "no money is spent" in login(cast.operator).get("/admin/").content.decode()
    settings.KIE_MODE = "live"
    with override("en"):
        assert "Live: real money" in login(cast.operator).get("/admin/").content.decode()
