"""Puts what the services refuse beside the fields of a form, in the interface's language."""

from collections.abc import Iterable, Mapping

from django.forms import Form
from django.utils.translation import get_language

from generations.services.errors import Fault


def show(form: Form, faults: Iterable[Fault], *, fields: Mapping[str, str] | None = None) -> None:
    """Add each fault to the field its pointer names; what names no field goes above the form.

    `fields` maps pointers to fields where they are called differently.
    """
    language = (get_language() or "ru")[:2]
    for fault in faults:
        field = field_of(fault.pointer, fields or {})
        sentence = fault.sentence(language)
        form.add_error(field if field in form.fields else None, sentence)


def text(faults: Iterable[Fault]) -> str:
    """Answer the faults as sentences, for a message at the top of a page."""
    language = (get_language() or "ru")[:2]
    return " ".join(fault.sentence(language) for fault in faults)


def field_of(pointer: str, fields: Mapping[str, str]) -> str:
    """Answer the form's field: "/input/prompt" is prompt, "/tags/3" is tags."""
    if pointer in fields:
        return fields[pointer]
    parts = pointer.strip("/").split("/")
    return parts[1] if parts[0] == "input" and len(parts) > 1 else parts[0]
