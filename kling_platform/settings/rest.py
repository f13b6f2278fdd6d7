"""REST: who may call, how errors look, how tokens are kept."""

from datetime import timedelta
from typing import Any

from kling_platform import env

API_REQUESTS_PER_MINUTE = env.whole("API_REQUESTS_PER_MINUTE", 60_000, least=1, most=100_000_000)

REST_FRAMEWORK: dict[str, Any] = {
    # Tokens first, so that a missing one is answered 401 and not 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "generations.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["generations.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["generations.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["generations.api.throttles.PerCaller"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "generations.api.negotiation.JsonOnly",
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "generations.api.problems.handle",
    "NUM_PROXIES": 1,
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}

KNOX_TOKEN_MODEL = "generations.ApiToken"
REST_KNOX: dict[str, Any] = {
    "TOKEN_MODEL": KNOX_TOKEN_MODEL,
    "TOKEN_TTL": None,
    "AUTH_HEADER_PREFIX": "Bearer",
    "MIN_REFRESH_INTERVAL": int(timedelta(minutes=1).total_seconds()),
}
