"""Reading a JSON object field by field, strictly by type, gathering every fault."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import QueryDict

from generations.api.problems import Refused, fault
from generations.services.errors import Fault

_MOST_UNKNOWN = 20
_LONGEST_NAME = 64
_UUID_LENGTH = 36


class Fields:
    """The fields of one body. Read each that is allowed, then call `done`.

    A field that is absent or null counts as not given. What is read before `done` has raised may
    stand in for a value that broke its type, so nothing may be done with it earlier.
    """

    def __init__(self, body: Any, *allowed: str) -> None:
        self._faults: list[Fault] = []
        if isinstance(body, QueryDict):
            body = {}  # a form without content: the framework's way to say that there was no body
        if not isinstance(body, Mapping):
            raise Refused("invalid", fault("", "not_an_object"))
        self._body = body
        for name in [name for name in body if name not in allowed][:_MOST_UNKNOWN]:
            self.refuse(pointer(name), "unknown_field")

    def refuse(self, at: str, code: str) -> None:
        self._faults.append(fault(at, code))

    def demand(self, *names: str) -> None:
        """Refuse the body when one of these is not given."""
        for name in names:
            if self._body.get(name) is None:
                self.refuse(f"/{name}", "required")

    def anything(self, name: str, default: Any) -> Any:
        """Answer a field as it is, null included: for what the catalogue judges."""
        return self._body.get(name, default)

    def text(self, name: str, *, longest: int = 200) -> str | None:
        """Answer one line of text, or None when it is not given."""
        value = self._body.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self.refuse(f"/{name}", "not_a_text")
        elif len(value) > longest:
            self.refuse(f"/{name}", "text_too_long")
        elif not is_printable(value):
            self.refuse(f"/{name}", "invalid_text")
        else:
            return value
        return None

    def words(self, name: str) -> str:
        """Answer text whose content a service judges, or "" when it is not given."""
        value = self._body.get(name)
        if value is not None and not isinstance(value, str):
            self.refuse(f"/{name}", "not_a_text")
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._body.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.refuse(f"/{name}", "not_a_list_of_texts")
            return ()
        for number, entry in enumerate(value):
            if not isinstance(entry, str):
                self.refuse(f"/{name}/{number}", "not_a_text")
        return tuple(entry for entry in value if isinstance(entry, str))

    def flag(self, name: str) -> bool | None:
        value = self._body.get(name)
        if value is not None and not isinstance(value, bool):
            self.refuse(f"/{name}", "not_a_flag")
        return value if isinstance(value, bool) else None

    def id(self, name: str) -> UUID | None:
        value = self._body.get(name)
        if value is None:
            return None
        found = as_uuid(value)
        if found is None:
            self.refuse(f"/{name}", "not_an_id")
        return found

    def done(self) -> None:
        """Raises Refused with every fault found."""
        if self._faults:
            raise Refused("invalid", *self._faults)


def as_uuid(value: object) -> UUID | None:
    """Answer the UUID that a text writes in the usual way, with hyphens; None for anything else."""
    if not isinstance(value, str) or len(value) != _UUID_LENGTH or not value.isascii():
        return None
    try:
        found = UUID(value)
    except ValueError:
        return None
    return found if str(found) == value.lower() else None


def pointer(name: str) -> str:
    """Answer the JSON pointer of a caller's own key, cut to what an error may repeat."""
    shown = "".join(ch if ch.isprintable() else "�" for ch in name[:_LONGEST_NAME])
    return "/" + shown.replace("~", "~0").replace("/", "~1")


def is_printable(text: str) -> bool:
    """No control character or lone surrogate: PostgreSQL would refuse some of them."""
    return text.isprintable()
