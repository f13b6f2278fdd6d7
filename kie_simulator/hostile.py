"""Texts a broken or malicious provider might send inside an otherwise sound answer."""

import json
from typing import Any

_FAIL_MESSAGES: dict[str, Any] = {
    "nul": "before\x00after",
    "surrogate": "lone \ud800 surrogate",
    "html": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "crlf": "first\r\nlevel=ERROR forged log line",
    "bidi": "abc\u202egnp.exe",
    "huge": "A" * 1_000_000,
    "number": 501,
    "list": ["not", "a", "text"],
    "object": {"error": "nested"},
    "null": None,
}

RESULT_VARIANTS = (
    "not_json",
    "list",
    "null",
    "no_urls",
    "empty",
    "urls_text",
    "urls_not_texts",
    "javascript",
    "many_urls",
    "huge",
    "deep",
    "nul",
    "surrogate",
    "nan",
)
FAIL_VARIANTS = tuple(_FAIL_MESSAGES)


def fail_message(variant: str, value: Any) -> Any:
    """Will return the failMsg of a variant; a given value goes before it."""
    return _FAIL_MESSAGES[variant] if value is None else value


def result_json(variant: str, url: str) -> str:
    """Will return the resultJson of a variant; ``url`` is the true result."""
    texts: dict[str, str] = {
        "not_json": "{'resultUrls': [" + url,
        "list": "[]",
        "null": "null",
        "no_urls": "{}",
        "empty": json.dumps({"resultUrls": []}),
        "urls_text": json.dumps({"resultUrls": url}),
        "urls_not_texts": json.dumps({"resultUrls": [None, 7, {"url": url}, [url]]}),
        "javascript": json.dumps({"resultUrls": ["javascript:alert(document.cookie)"]}),
        "nul": json.dumps({"resultUrls": [url + "\x00.html"]}),
        "surrogate": json.dumps({"resultUrls": [url.replace(".mp4", "\ud800.mp4")]}),
        "nan": '{"resultUrls": [NaN, 1e999]}',
    }
    if variant == "many_urls":
        return json.dumps({"resultUrls": [f"{url}?{n}" for n in range(10_000)]})
    if variant == "huge":
        return json.dumps({"resultUrls": [url + "?" + "A" * 1_000_000]})
    if variant == "deep":
        return "[" * 100_000 + "]" * 100_000
    return texts[variant]
