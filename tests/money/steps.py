"""The steps of a submission, at each of which whoever sends may die."""

from generations import storage
from generations.models import SubmissionAttempt
from generations.services import attach, incidents, lane, limits, outcome, submit
from tests.money.truth import TrueKie

STEPS: dict[str, tuple[object, str]] = {
    "the oldest is taken": (submit, "_take_oldest"),
    "a place in the limit is taken": (limits, "take"),
    "the lane's turn is taken": (lane, "take_turn"),
    "the claim is committed": (submit, "_claim"),
    "the claim's move": (submit, "transition"),
    "the attempt is written": (SubmissionAttempt.objects, "create"),
    "the request is sent": (TrueKie, "create_task"),
    "the receipt is written": (storage, "write_receipt"),
    "the outcome is committed": (outcome, "_commit"),
    "the task is attached": (attach, "accept"),
    "the task's move": (attach, "transition"),
    "the outcome's move": (outcome, "transition"),
    "the attempt is closed": (outcome, "_close"),
    "the incident is opened": (incidents, "report"),
    "the receipt is dropped": (storage, "drop_receipt"),
}
