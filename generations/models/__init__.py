"""What is stored. One aggregate a file; constraints and indexes stand beside the fields."""

from generations.models.attempt import AttemptState, SubmissionAttempt
from generations.models.balance import (
    BalanceBreak,
    BalanceSnapshot,
    BreakGuess,
    SnapshotSource,
    TopUp,
)
from generations.models.budget import (
    Budget,
    BudgetHold,
    BudgetMonth,
    BudgetRaise,
    BudgetScope,
)
from generations.models.callback import CallbackHit
from generations.models.control import Heartbeat, Lane, Lease, RateSlot
from generations.models.event import EventKind, GenerationEvent
from generations.models.generation import Evidence, FailureCode, Generation, Status
from generations.models.idempotency import IdempotencyRecord
from generations.models.image import SourceImage
from generations.models.incident import Incident, IncidentKind
from generations.models.ledger import Account, LedgerEntry, LedgerHead, PostingKind
from generations.models.preset import Preset, PresetVersion
from generations.models.price import Price, PriceProposal, ProposalState
from generations.models.project import Project, Tag
from generations.models.token import ApiToken, Scope
from generations.models.video import Video, VideoState

__all__ = [
    "Account",
    "ApiToken",
    "AttemptState",
    "BalanceBreak",
    "BalanceSnapshot",
    "BreakGuess",
    "Budget",
    "BudgetHold",
    "BudgetMonth",
    "BudgetRaise",
    "BudgetScope",
    "CallbackHit",
    "EventKind",
    "Evidence",
    "FailureCode",
    "Generation",
    "GenerationEvent",
    "Heartbeat",
    "IdempotencyRecord",
    "Incident",
    "IncidentKind",
    "Lane",
    "Lease",
    "LedgerEntry",
    "LedgerHead",
    "PostingKind",
    "Preset",
    "PresetVersion",
    "Price",
    "PriceProposal",
    "Project",
    "ProposalState",
    "RateSlot",
    "Scope",
    "SnapshotSource",
    "SourceImage",
    "Status",
    "SubmissionAttempt",
    "Tag",
    "TopUp",
    "Video",
    "VideoState",
]
