"""docs/state-machine.md is drawn from the code; this is the drawing and the check of it.

After a change of EDGES: `python -m tests.docs.test_state_machine` writes the page anew.
"""

import os
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "state-machine.md"

HEAD = """# The state machine of a generation

Drawn from `EDGES` in `generations/models/transition.py`; a test compares. Every move is one conditional
UPDATE and one event row in one transaction.

```mermaid
stateDiagram-v2
    [*] --> queued
"""

pytestmark = pytest.mark.no_database


def draw() -> str:
    from generations.models import Status  # noqa: PLC0415 - Django must be set up first
    from generations.models.transition import EDGES  # noqa: PLC0415

    lines = [f"    {source} --> {to}" for source in Status for to in Status if to in EDGES[source]]
    ends = [f"    {status} --> [*]" for status in ("succeeded", "failed", "cancelled")]
    return HEAD + "\n".join([*lines, *ends]) + "\n```\n" + TAIL


TAIL = """
| from | to | when |
|---|---|---|
| queued | submitting | a worker has won it and has committed that it may have been sent |
| queued | cancelled | a person stops it; free |
| queued | failed | its picture is not to be had, or KIE's upload host refuses it |
| submitting | running | KIE accepted it: by its answer, a receipt on disk, or its record's echo |
| submitting | queued | proved unsent, refused for now (429, 455) or with the account (401, 402, 433) |
| submitting | failed | KIE refused this request for good |
| submitting | unknown | the answer is lost, odd, or its sender has died |
| unknown | running | evidence was found |
| unknown | failed | a person decides: never created, or written off |
| running | succeeded | KIE's record says success and names a result |
| running | needs_review | KIE's record says success and names no usable result |
| running | failed | KIE's record says fail, twice, 3 s apart |
| needs_review | succeeded | a later read of KIE's record names a result |
| needs_review | failed | a person decides |
| failed | succeeded | once, when KIE's own record proves it; an incident is opened |
"""


def test_the_page_shows_what_the_code_does() -> None:
    assert PAGE.read_text(encoding="utf-8") == draw()


def test_every_edge_is_explained() -> None:
    from generations.models.transition import EDGES  # noqa: PLC0415

    explained = {
        tuple(cell.strip() for cell in line.split("|")[1:3])
        for line in TAIL.splitlines()
        if line.startswith("| ") and not line.startswith("| from")
    }
    assert explained == {(str(a), str(b)) for a, targets in EDGES.items() for b in targets}


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    PAGE.write_text(draw(), encoding="utf-8")
