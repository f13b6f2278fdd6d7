"""The addresses under /api/v1/."""

from django.urls import path, re_path

from generations.api.base import Nowhere
from generations.api.catalogue import EstimatesView, ModelsView, ModelView, PricesView
from generations.api.generations import (
    CancelView,
    EventsView,
    GenerationsView,
    GenerationView,
    RetryView,
)
from generations.api.images import ImagesView
from generations.api.money import BudgetsView, LedgerView
from generations.api.presets import PresetsView, PresetVersionsView, PresetView
from generations.api.usage import UsageView
from generations.api.videos import VideoView

app_name = "api"

_ONE = "generations/<uuid:generation_id>"

urlpatterns = [
    path("generations/", GenerationsView.as_view(), name="generations"),
    path(f"{_ONE}/", GenerationView.as_view(), name="generation"),
    path(f"{_ONE}/events/", EventsView.as_view(), name="events"),
    path(f"{_ONE}/video/", VideoView.as_view(), name="video"),
    path(f"{_ONE}/cancel/", CancelView.as_view(), name="cancel"),
    path(f"{_ONE}/retry/", RetryView.as_view(), name="retry"),
    path("images/", ImagesView.as_view(), name="images"),
    path("estimates/", EstimatesView.as_view(), name="estimates"),
    path("models/", ModelsView.as_view(), name="models"),
    path("models/<path:model_id>/", ModelView.as_view(), name="model"),
    path("prices/", PricesView.as_view(), name="prices"),
    path("budgets/", BudgetsView.as_view(), name="budgets"),
    path("ledger/", LedgerView.as_view(), name="ledger"),
    path("usage/", UsageView.as_view(), name="usage"),
    path("presets/", PresetsView.as_view(), name="presets"),
    path("presets/<slug:slug>/", PresetView.as_view(), name="preset"),
    path("presets/<slug:slug>/versions/", PresetVersionsView.as_view(), name="preset_versions"),
    re_path(r"^", Nowhere.as_view(), name="nowhere"),
]
