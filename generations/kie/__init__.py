"""How to talk to KIE: one client, frozen values, errors that say what was learned. No Django.

Source: https://docs.kie.ai (read 2026-04 to 2026-10). Nothing here decides about money or rows.
"""

from generations.kie.callback import parse_callback
from generations.kie.client import KieClient
from generations.kie.errors import (
    AccountRefused,
    KieError,
    NotVisible,
    RateLimited,
    ReadFailed,
    Unreachable,
    Unreadable,
    UploadFailed,
    UploadRefused,
)
from generations.kie.signature import verify_signature
from generations.kie.text import clean_text, is_task_id
from generations.kie.values import (
    Accepted,
    Answer,
    CallbackHint,
    CreateOutcome,
    CreateTask,
    Echo,
    KieConfig,
    RefusalKind,
    Refused,
    TaskRecord,
    TaskState,
    Unknown,
    Unsent,
)

__all__ = [
    "Accepted",
    "AccountRefused",
    "Answer",
    "CallbackHint",
    "CreateOutcome",
    "CreateTask",
    "Echo",
    "KieClient",
    "KieConfig",
    "KieError",
    "NotVisible",
    "RateLimited",
    "ReadFailed",
    "RefusalKind",
    "Refused",
    "TaskRecord",
    "TaskState",
    "Unknown",
    "Unreachable",
    "Unreadable",
    "Unsent",
    "UploadFailed",
    "UploadRefused",
    "clean_text",
    "is_task_id",
    "parse_callback",
    "verify_signature",
]
