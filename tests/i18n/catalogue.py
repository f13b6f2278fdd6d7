"""Finds every translatable string in the code and templates, as gettext would, without gettext."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import unfold
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "generations" / "locale"
OURS = ("generations", "kling_platform", "templates")
UNFOLD = Path(unfold.__file__).parent

_PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop"}
_PLURAL = {"ngettext", "ngettext_lazy"}
_CONTEXT = {"pgettext", "pgettext_lazy"}
_STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_IN_TEMPLATE = re.compile(
    rf"\b(?P<call>ngettext|pgettext|gettext|_)\((?P<first>{_STRING})(?:\s*,\s*(?P<second>{_STRING}))?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One string: its context and plural are "" where it has none."""

    text: str
    plural: str = ""
    context: str = ""


def found_in_our_code() -> dict[Entry, str]:
    """Answer every string of ours with the first file that has it."""
    return _found([ROOT / name for name in OURS])


def found_in_unfold() -> dict[Entry, str]:
    """Answer unfold's strings; of its contrib packages only those that are installed here."""
    contrib = UNFOLD / "contrib"
    used = [contrib / "filters", contrib / "forms"]
    rest = [path for path in UNFOLD.iterdir() if path.name != "contrib"]
    return _found([*rest, *used])


def _found(places: list[Path]) -> dict[Entry, str]:
    entries: dict[Entry, str] = {}
    for place in places:
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in files:
            if file.suffix not in {".py", ".html"} or "migrations" in file.parts:
                continue
            read = _in_python if file.suffix == ".py" else _in_template
            for entry in read(file.read_text(encoding="utf-8")):
                base = ROOT if file.is_relative_to(ROOT / "generations") else file.parents[1]
                name = (
                    file.relative_to(ROOT) if file.is_relative_to(ROOT) else file.relative_to(base)
                )
                entries.setdefault(entry, str(name))
    return entries


def _in_python(source: str) -> Iterator[Entry]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        texts = [
            argument.value
            for argument in node.args[:3]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        yield from _entry(name, texts)


def _in_template(source: str) -> Iterator[Entry]:
    for match in _IN_TEMPLATE.finditer(templatize(source)):
        texts = [ast.literal_eval(text) for text in match.group("first", "second") if text]
        yield from _entry(match["call"], [text.replace("%%", "%") for text in texts])


def _entry(call: str, texts: list[str]) -> Iterator[Entry]:
    if call in _PLAIN and texts and texts[0]:
        yield Entry(texts[0])
    elif call in _PLURAL and len(texts) >= 2:
        yield Entry(texts[0], plural=texts[1])
    elif call in _CONTEXT and len(texts) >= 2:
        yield Entry(texts[1], context=texts[0])
