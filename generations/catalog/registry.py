"""The catalogue: every module under `models/` describes one KIE model as its `SPEC`."""

from importlib import import_module
from pkgutil import iter_modules

from generations.catalog import models
from generations.catalog.spec import ModelSpec


def _read() -> dict[str, ModelSpec]:
    specs: dict[str, ModelSpec] = {}
    for module in sorted(iter_modules(models.__path__), key=lambda found: found.name):
        spec = import_module(f"{models.__name__}.{module.name}").SPEC
        if spec.id in specs:
            raise ValueError(f"{module.name} describes {spec.id}, which is described already")
        specs[spec.id] = spec
    return specs


_SPECS = _read()


def get_model(id: object) -> ModelSpec | None:  # noqa: A002 - the seed's own call
    """Answer the spec of a KIE model by its exact id, or None when the catalogue has none."""
    return _SPECS.get(id) if isinstance(id, str) else None


def list_models() -> tuple[ModelSpec, ...]:
    """Answer every model of the catalogue, in the order of their files' names."""
    return tuple(_SPECS.values())
