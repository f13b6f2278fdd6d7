"""`python -m tests.faults.kill_after_answer`: a cluster whose senders die when KIE has said yes.

Each sender is killed between KIE's answer and the commit of it: in turn before its receipt is on the
disk and after. It runs the real command; only what comes right after the answer is replaced.
"""

import os
import signal
import sys
from typing import Any

import django
from django.core.management import execute_from_command_line


def die(*args: object, **kwargs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    django.setup()
    # Services can be imported only now.
    from generations.services import outcome

    keep_receipt = outcome._keep_receipt

    def die_before_or_after_the_receipt(attempt: Any, accepted: Any) -> None:
        if attempt.pk % 2:
            keep_receipt(attempt, accepted)
        die()

    outcome._keep_receipt = die_before_or_after_the_receipt
    execute_from_command_line([sys.argv[0], "run_cluster"])
