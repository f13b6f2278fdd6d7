"""The probes beside the API: is the process alive, can it work, and how much of what there is."""

from collections.abc import Iterator
from typing import ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from rest_framework.request import Request

from generations.api.base import ApiView
from generations.api.negotiation import Anything
from generations.api.permissions import HasScopeOrIsStaff
from generations.models import Scope
from generations.reports import health


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process answers at all."""
    return _uncached(JsonResponse({"status": "alive"}))


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when work can be taken and done, else 503 with the reasons.

    Paused or blocked submissions are told and are no reason: the platform takes work all the same.
    """
    found = health.readiness(now=timezone.now())
    body: dict[str, object] = {
        "status": "ready" if found.is_ready else "not ready",
        "reasons": dict(found.reasons),
    }
    if found.figures is not None:
        body["submissions"] = {
            "paused": found.figures.is_paused,
            "blocked_code": found.figures.blocked_code,
        }
    return _uncached(JsonResponse(body, status=200 if found.is_ready else 503))


class MetricsView(ApiView):
    """Figures for Prometheus, read from the database: every web process tells the same."""

    content_negotiation_class = Anything
    permission_classes = (HasScopeOrIsStaff,)
    scopes: ClassVar = {"GET": Scope.USAGE_READ}

    def get(self, request: Request) -> HttpResponse:
        registry = CollectorRegistry()
        registry.register(_Figures())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Figures(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        by_status = GaugeMetricFamily(
            "kling_generations", "Generations by status", labels=["status"]
        )
        for status, count in health.count_by_status().items():
            by_status.add_metric([status], count)
        yield by_status
        found = health.figures(now=timezone.now())
        yield _gauge("queue_length", "Messages in the queue's broker", found.queue_length)
        yield _gauge("poll_lag_seconds", "Wait of the oldest due poll", found.poll_lag_s or 0)
        yield _gauge("send_lag_seconds", "Wait of the oldest due submission", found.send_lag_s or 0)
        yield _gauge("disk_free_megabytes", "Free space below DATA_DIR", found.free_mb)
        yield _gauge("submissions_paused", "1 when a person paused them", found.is_paused)
        blocked = found.blocked_code is not None
        yield _gauge("submissions_blocked", "1 when KIE refuses the account", blocked)
        if found.heartbeat_age_s is not None:
            yield _gauge(
                "heartbeat_age_seconds", "Since a worker took a task", found.heartbeat_age_s
            )


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"kling_{name}", meaning, value=value)


def _uncached(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "no-store"
    return answer
