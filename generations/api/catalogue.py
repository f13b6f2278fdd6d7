"""What may be asked, what it costs, and what a certain request would cost."""

from typing import ClassVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from generations.api import pages, present
from generations.api.base import ApiView
from generations.api.generations import request_of
from generations.api.problems import Refused, language
from generations.catalog import get_model, list_models
from generations.models import Scope
from generations.reports import prices
from generations.services import budget_standing
from generations.services.request import judge


class ModelsView(ApiView):
    def get(self, request: Request) -> Response:
        current = prices.current(now=timezone.now())
        return Response(pages.whole([present.model(spec, current) for spec in list_models()]))


class ModelView(ApiView):
    def get(self, request: Request, model_id: str) -> Response:
        spec = get_model(model_id)
        if spec is None:
            raise Refused("not_found")
        return Response(present.model(spec, prices.current(now=timezone.now())))


class PricesView(ApiView):
    """The prices that hold now, one for each model and variant."""

    scopes: ClassVar = {"GET": Scope.USAGE_READ}

    def get(self, request: Request) -> Response:
        current = prices.current(now=timezone.now())
        return Response(pages.whole([present.price(row) for row in current]))


class EstimatesView(ApiView):
    """A request judged and priced; nothing is stored and nothing is fetched."""

    scopes: ClassVar = {"POST": Scope.GENERATIONS_READ}

    def post(self, request: Request) -> Response:
        now = timezone.now()
        judged = judge(request_of(request.data), user=self.caller, now=now)
        standings = budget_standing.of_request(
            user=self.caller, project=judged.project, token=self.token, now=now
        )
        return Response(
            {
                "quote": present.quote(judged.quote),
                "input": judged.input,
                "warnings": present.notices(judged.notices, language()),
                "budgets": [
                    present.budget_after(row.left, judged.quote.micro_usd) for row in standings
                ],
            }
        )
