"""`python -m tests.faults.check URL`: the invariants over another process's database and KIE's books."""

import sys

import django
from django.db.models import Count

from kie_simulator.testing import Simulator

if __name__ == "__main__":
    django.setup()
    # Models can be imported only now.
    from generations.models import EventKind, Generation
    from tests.faults.invariants import check_invariants

    check_invariants(Simulator(sys.argv[1], lambda: None).ledger())
    for row in Generation.objects.order_by().values("status").annotate(number=Count("pk")):
        print(row["status"], row["number"])
    lost = Generation.objects.filter(events__kind=EventKind.ANSWER_LOST).distinct()
    print("lost_once", lost.count())
