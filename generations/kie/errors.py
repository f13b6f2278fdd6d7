"""What can go wrong when KIE is asked, except createTask, which answers with a CreateOutcome.

    KieError
    ├── ReadFailed          nothing was learned, nothing about the task changes
    │   ├── NotVisible      KIE knows no such task (also for seconds after it was made): read later
    │   ├── RateLimited     too many reads: slow down, read later
    │   ├── AccountRefused  the key is refused, empty or capped: a person must act
    │   ├── Unreachable     no answer, or a server's trouble: read later
    │   └── Unreadable      an answer that makes no sense: read later, tell a person
    ├── UploadRefused       KIE will not take this picture; `account` when it is the key
    └── UploadFailed        the picture may or may not be there: upload it again, it is free

None of these says anything about money: a task is made by createTask alone.
"""


class KieError(Exception):
    """Texts hold no address, no key and no token.

    `http_status` and `code` are None where there was no answer or it named none.
    """

    def __init__(
        self, reason: str, *, http_status: int | None = None, code: int | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.http_status = http_status
        self.code = code


class ReadFailed(KieError):
    """Nothing was learned from KIE."""


class NotVisible(ReadFailed):
    """KIE knows no such record, or not yet."""


class RateLimited(ReadFailed):
    """Too many requests for this key."""


class AccountRefused(ReadFailed):
    """The key is refused (401), without credits (402) or over its cap (433)."""


class Unreachable(ReadFailed):
    """No answer, or one that tells only of trouble or maintenance on the other side."""


class Unreadable(ReadFailed):
    """An answer that makes no sense to us."""


class UploadRefused(KieError):
    """The upload host will not take this picture."""

    def __init__(
        self,
        reason: str,
        *,
        http_status: int | None = None,
        code: int | None = None,
        account: bool = False,
    ) -> None:
        super().__init__(reason, http_status=http_status, code=code)
        self.account = account


class UploadFailed(KieError):
    """The upload came to no usable address; uploading again costs nothing."""
