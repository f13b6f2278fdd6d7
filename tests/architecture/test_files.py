"""What every file obeys: size, words that are not wanted, and nothing of the machine it was made on."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.rules import ROOT

pytestmark = pytest.mark.no_database

MOST_LINES = 300
NOT_OURS = {".git", ".venv", "var", "staticfiles", "__pycache__", "node_modules"}
TEXTS = {
    *(".py", ".md", ".txt", ".in", ".toml", ".html", ".js", ".css", ".json", ".yml", ".yaml"),
    *(".cfg", ".ini", ".sh", ".svg", ".example", ".po", ".service", ""),
}
# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:work|root|farm)/|/tmp/bash[_]jobs")
PACKAGE_INDEX = re.compile("|".join(("pypi" + r"\.org", "python" + "hosted", "--index" + "-url ")))


def ours() -> Iterator[Path]:
    """Answer every file of the repository that is not made by a tool."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.name in NOT_OURS or path.name.endswith("_cache") or path.name == ".hypothesis":
                continue
            if path.is_dir():
                folders.append(path)
            elif path.suffix in TEXTS:
                yield path


def python_files() -> list[Path]:
    found = [path for path in ours() if path.suffix == ".py" and "migrations" not in path.parts]
    return [*found, ROOT / "run"]


def too_long(text: str) -> bool:
    return len(text.splitlines()) > MOST_LINES


def unwanted_calls(text: str) -> list[str]:
    """Answer the names that no code of ours may use: unescaped HTML, and retries by the transport."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and _name(node.func) == "Retry":
            found.append("Retry")
        elif _name(node) == "mark_safe":
            found.append("mark_safe")
    return found


def _name(node: ast.AST) -> str:
    """Answer the last word of a name, an attribute or an imported name, "" for anything else."""
    return str(
        next((getattr(node, part) for part in ("attr", "id", "name") if hasattr(node, part)), "")
    )


def _named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def _texts() -> Iterator[tuple[Path, str]]:
    for path in ours():
        yield path, path.read_text(encoding="utf-8", errors="replace")


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    assert _named([path for path in python_files() if too_long(path.read_text())]) == []


def test_no_code_marks_html_as_safe_or_lets_the_transport_retry() -> None:
    assert _named([path for path in python_files() if unwanted_calls(path.read_text())]) == []


def test_no_file_names_a_place_on_the_machine_it_was_made_on() -> None:
    assert _named([path for path, text in _texts() if MACHINE_PATH.search(text)]) == []


def test_no_file_names_the_host_of_a_package_index() -> None:
    assert _named([path for path, text in _texts() if PACKAGE_INDEX.search(text)]) == []


def test_the_walk_sees_the_repository() -> None:
    seen = set(_named(list(ours())))

    assert {"manage.py", "run", ".ci/run", "requirements.txt", "pyproject.toml"} <= seen


@pytest.mark.parametrize(("lines", "expected"), [(300, False), (301, True)])
def test_a_planted_long_file_is_found(lines: int, expected: bool) -> None:
    assert too_long("x = 1\n" * lines) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from django.utils.safestring import mark_safe", ["mark_safe"]),
        ("safestring.mark_safe(x)", ["mark_safe"]),
        ("session.mount('https://', Adapter(max_retries=Retry(3)))", ["Retry"]),
        ("urllib3.util.Retry(total=2)", ["Retry"]),
        ("x = 'Retry(' + 'mark_safe'", []),
        ("retry(generation)", []),
    ],
)
def test_a_planted_call_is_found(text: str, expected: list[str]) -> None:
    assert unwanted_calls(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see /wo" + "rk/main/run", True),
        ("open('/ro" + "ot/.netrc')", True),
        ("cd /tmp/ba" + "sh_jobs.0/x", True),
        ("docs/wo" + "rk/plan.md", False),
        ("https://example.com/root/", False),
        ("/workers/", False),
    ],
)
def test_a_planted_machine_path_is_found(text: str, expected: bool) -> None:
    assert bool(MACHINE_PATH.search(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("https://py" + "pi.org/simple", True), ("the package index", False)]
)
def test_a_planted_package_index_is_found(text: str, expected: bool) -> None:
    assert bool(PACKAGE_INDEX.search(text)) is expected
