"""The frozen inputs: what was asked for stands there (I30), priced as its variant (I25)."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime

from generations.catalog import get_model, price_variant
from generations.models import Generation
from generations.reports.audit.finding import Finding, finding


def frozen(now: datetime) -> Iterator[Finding]:
    """Inputs that are not the ones whose digest was stored, or are priced as another variant."""
    rows = Generation.objects.order_by().values_list(
        "pk", "model", "input", "input_sha256", "price__variant"
    )
    for pk, model, given, digest, variant in rows.iterator(chunk_size=5000):
        text = json.dumps(given, ensure_ascii=False, sort_keys=True)
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            yield finding(
                "I30", Generation, pk, "Its input has been changed since it was asked for."
            )
        spec = get_model(model)
        if spec is not None and price_variant(spec, given) != variant:
            sentence = f"It was quoted for {variant}, but asks for {price_variant(spec, given)}."
            yield finding("I25", Generation, pk, sentence)
