"""How a fetch can end without its file.

FetchRefused    the guard forbids the address: for good
FetchFailed     nothing came of this attempt: a later one may do better
FetchStopped    the caller asked for the end: nothing is known of the address
"""


class FetchRefused(Exception):
    """The guard forbids this address for good; `reason` names the rule, never the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FetchFailed(Exception):
    """Nothing came of this attempt; a later one may do better.

    `http_status` is set when the host's answer itself was the failure: 404, 403 and 410 are what
    an expired link gives.
    """

    def __init__(self, reason: str, http_status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.http_status = http_status


class FetchStopped(Exception):
    """The caller's should_stop said so."""
