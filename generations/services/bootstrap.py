"""What every installation starts with: schedules, roles, first prices. Safe to repeat."""

from datetime import UTC, datetime

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from generations import queue
from generations.catalog import ModelSpec, list_models, price_variant
from generations.models import Generation, Price, Status
from generations.models.posting import post_hold, post_move
from generations.money import micro
from generations.services import lane
from generations.services.periods import period_of

# The roles and the permissions of each; issue by issue the pages ask for more of them.
ROLES: dict[str, tuple[str, ...]] = {
    "operator": ("add_generation", "view_generation", "add_preset", "change_preset", "view_preset"),
    "lead": (
        "add_generation",
        "view_generation",
        "view_all_generations",
        "add_preset",
        "change_preset",
        "view_preset",
        "view_reports",
        "view_ledgerentry",
        "pause_submissions",
        "add_project",
        "change_project",
        "view_project",
        "view_price",
        "view_budget",
        "decide_unknown",
    ),
    "finance": (
        "view_generation",
        "view_all_generations",
        "view_preset",
        "view_reports",
        "view_ledgerentry",
        "view_price",
        "add_price",
        "approve_price",
        "view_budget",
        "change_budget",
        "add_budgetraise",
        "decide_unknown",
        "view_balancebreak",
        "change_balancebreak",
        "add_topup",
    ),
    "auditor": (
        "view_generation",
        "view_all_generations",
        "view_price",
        "view_preset",
        "view_reports",
        "view_ledgerentry",
        "view_incident",
        "view_budget",
        "view_balancebreak",
    ),
    "administrator": (
        "add_generation",
        "view_generation",
        "view_all_generations",
        "add_preset",
        "change_preset",
        "view_preset",
        "view_reports",
        "view_ledgerentry",
        "pause_submissions",
        "add_project",
        "change_project",
        "view_project",
        "view_price",
        "add_price",
        "approve_price",
        "view_budget",
        "change_budget",
        "add_budgetraise",
        "view_incident",
        "change_incident",
        "add_apitoken",
        "view_apitoken",
        "delete_apitoken",
        "decide_unknown",
        "view_balancebreak",
        "change_balancebreak",
        "add_topup",
    ),
}


def bootstrap(*, now: datetime) -> None:
    """Bring schedules, roles, the lane and first prices to what the code says."""
    with transaction.atomic():
        lane.get()
        queue.install_schedules()
        _install_roles()
        for spec in list_models():
            _install_first_prices(spec, now)
        _open_ledger(now)


def _install_roles() -> None:
    for role, codenames in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        wanted = Permission.objects.filter(
            content_type__app_label="generations", codename__in=codenames
        )
        group.permissions.add(*wanted)


def _install_first_prices(spec: ModelSpec, now: datetime) -> None:
    """Add the catalogue's prices where the model has none yet; a person's rows are never touched."""
    if Price.objects.filter(model=spec.id).exists():
        return
    for when, credits_ in spec.prices:
        Price.objects.create(
            model=spec.id,
            variant=price_variant(spec, when),
            micro_credits=micro(credits_),
            micro_usd_per_credit=micro(spec.usd_per_credit),
            valid_from=datetime(2025, 12, 21, tzinfo=UTC),
            known_from=now,
            source_url=spec.docs_url,
            note="First price, from the catalogue that came with the platform",
        )


def _open_ledger(now: datetime) -> None:
    """Bring generations from before there was a ledger into it, oldest first."""
    for generation in Generation.objects.filter(period="").order_by("created_at", "pk").iterator():
        generation.period = period_of(generation.created_at)
        generation.save(update_fields=["period"])
        post_hold(generation, actor="bootstrap", now=now)
        status = Status(generation.status)
        post_move(generation, Status.QUEUED, status, actor="bootstrap", now=now)
