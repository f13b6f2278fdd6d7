"""What KIE's codes mean, as closed tables: what is not listed means nothing.

Source: https://docs.kie.ai/market/kling/v2-1-master-image-to-video (codes) and
https://docs.kie.ai/market/common/get-task-detail (read 2026-04); texts under code 500 from
recorded answers, 2026-04 to 2026-10.
"""

import re

from generations.kie.errors import (
    AccountRefused,
    NotVisible,
    RateLimited,
    ReadFailed,
    Unreachable,
    Unreadable,
)
from generations.kie.values import RefusalKind

OK = 200
SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429
ACCOUNT_CODES = frozenset({401, 402, 433})

_CREATE_REFUSALS = {
    **dict.fromkeys((400, 404, 422, 451, 501, 505), RefusalKind.REJECTED),
    **dict.fromkeys((429, 455), RefusalKind.LATER),
    **dict.fromkeys(ACCOUNT_CODES, RefusalKind.ACCOUNT),
}

# Whole texts only: "Internal Error", "server is busy" and "temporarily paused" come under the
# same code and do not say whether a task was made.
_CREATE_TEXTS_UNDER_500 = (
    (re.compile(r"this field is required\.?"), RefusalKind.REJECTED),
    (
        re.compile(
            r"(prompt|image_url|duration|negative_prompt|cfg_scale|aspect_ratio|text|model|input)"
            r" is required\.?"
        ),
        RefusalKind.REJECTED,
    ),
    (re.compile(r".*\bnot within the range of allowed options\.?"), RefusalKind.REJECTED),
    (re.compile(r"credits insufficient\.?"), RefusalKind.ACCOUNT),
)

# Not a refusal of this picture: too many, too slow, maintenance.
_UPLOAD_LATER_CODES = frozenset({408, 429, 455})

_READ_FAILURES: dict[int, type[ReadFailed]] = {
    **dict.fromkeys((404, 422), NotVisible),
    **dict.fromkeys(ACCOUNT_CODES, AccountRefused),
    429: RateLimited,
    **dict.fromkeys((408, 455), Unreachable),
}


def create_refusal(code: int, message: str) -> RefusalKind | None:
    """The refusal that createTask's inner `code` proves, or None when it proves nothing."""
    if code == SERVER_ERROR:
        text = message.strip().casefold()
        return next(
            (kind for pattern, kind in _CREATE_TEXTS_UNDER_500 if pattern.fullmatch(text)), None
        )
    return _CREATE_REFUSALS.get(code)


def read_failure(http_status: int, code: int | None) -> type[ReadFailed]:
    """The error that an unsuccessful read stands for: KIE's own code first, else the status."""
    if code in _READ_FAILURES:
        return _READ_FAILURES[code]
    if http_status == TOO_MANY_REQUESTS:
        return RateLimited
    if 500 <= http_status <= 599 or (code is not None and 500 <= code <= 599):
        return Unreachable
    return Unreadable


def refuses_upload(code: int | None) -> bool:
    """Whether this inner code of the upload host means that the same upload never succeeds."""
    return code is not None and 400 <= code <= 499 and code not in _UPLOAD_LATER_CODES
