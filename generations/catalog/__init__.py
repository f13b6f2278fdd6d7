"""What may be asked of each KIE model: rules as data, one validator for every way in.

    >>> from generations.catalog import build_input, get_model
    >>> spec = get_model("kling/v2-1-master-image-to-video")
    >>> build_input(spec, {"prompt": "A slow pan", "image_url": "https://file.example.com/a.png"})
    ({'prompt': 'A slow pan', ...}, None)

Needs the standard library alone. A new model is one file under `models/`.
"""

from generations.catalog.log_line import log_line
from generations.catalog.messages import Notice, Violation
from generations.catalog.registry import get_model, list_models
from generations.catalog.schema import input_schema
from generations.catalog.spec import FirstPrice, ModelSpec, price_variant
from generations.catalog.validation import Validation, build_input, validate

__all__ = [
    "FirstPrice",
    "ModelSpec",
    "Notice",
    "Validation",
    "Violation",
    "build_input",
    "get_model",
    "input_schema",
    "list_models",
    "log_line",
    "price_variant",
    "validate",
]
