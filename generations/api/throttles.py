"""How often one caller may call. Not a guard of money: quotes and budgets are."""

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from generations.models import ApiToken

_WINDOW_S = 60


class PerCaller(BaseThrottle):
    """API_REQUESTS_PER_MINUTE in each minute of the clock, by token, else by user.

    Callers are known by then, so no address and no forwarding header counts. Without Redis each web
    process counts for itself.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        minute, self._past_s = divmod(time.time(), _WINDOW_S)
        token = request.auth
        caller = token.digest[:32] if isinstance(token, ApiToken) else f"user-{request.user.pk}"
        key = f"throttle:{caller}:{minute:.0f}"
        cache.add(key, 0, timeout=2 * _WINDOW_S)
        try:
            used = cache.incr(key)
        except ValueError:  # the cache has dropped the entry between the two calls
            return True
        return used <= settings.API_REQUESTS_PER_MINUTE

    def wait(self) -> float:
        return max(1.0, _WINDOW_S - self._past_s + 1)
