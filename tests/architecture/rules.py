"""Who may import whom, as data, and the reading of it from the syntax trees.

A row may import the rows below it; the rooms of one row do not know each other; nothing imports an
edge. Imports inside functions and under TYPE_CHECKING count, and so does importlib.import_module.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# Rooms of `generations` from the ground up.
ROWS: tuple[frozenset[str], ...] = (
    frozenset({"catalog", "kie", "media", "money"}),
    frozenset({"models", "queue", "storage"}),
    frozenset({"services", "reports"}),
    frozenset({"provider"}),
    frozenset({"admin", "api", "callbacks", "tasks", "management", "checks"}),
)
EDGES = ROWS[-1]
# Django finds these by name; they connect and decide nothing.
WIRING: dict[str, frozenset[str]] = {
    "apps": frozenset({"checks"}),
    "migrations": frozenset({"models"}),
}

# What the ground row may import besides the standard library.
GROUND_PACKAGES: dict[str, frozenset[str]] = {
    "catalog": frozenset(),
    "money": frozenset(),
    "kie": frozenset({"requests", "urllib3"}),
    "media": frozenset({"PIL", "requests", "urllib3", "requests_hardened", "certifi"}),
}

# Packages that only the named modules (or what lies below them) may import.
RESERVED: dict[str, tuple[str, ...]] = {
    "django_q": ("generations.queue",),
    "requests": ("generations.kie", "generations.media"),
    "urllib3": ("generations.kie", "generations.media"),
    "requests_hardened": ("generations.media",),
    "PIL": ("generations.media",),
    "psycopg": ("kling_platform.launch.suites",),
}
ALONE = frozenset({"kie_simulator"})  # stands alone: standard library and itself
# gunicorn reads this file in the web child; the launcher's own process stays small.
LAUNCHER, NOT_IN_THE_LAUNCHER = "kling_platform.launch", "kling_platform.launch.gunicorn_config"


@dataclass(frozen=True, slots=True)
class Source:
    """One module: its dotted name, whether it is a package's __init__, and its text."""

    module: str
    text: str
    is_package: bool = False


def sources(root: Path) -> Iterator[Source]:
    """Answer every module of the three packages that is there."""
    for package in ("generations", "kling_platform", "kie_simulator"):
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            module = ".".join(parts[:-1] if is_package else parts)
            yield Source(module, path.read_text(encoding="utf-8"), is_package)


def imports(source: Source) -> set[str]:
    """Answer the dotted names that a module imports, relative ones resolved."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(source, node)
            found |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and _is_dynamic_import(node.func):
            found |= {str(word.value) for word in node.args[:1] if isinstance(word, ast.Constant)}
    return found


def violations(source: Source) -> list[str]:
    """Answer a sentence for each import that the tables do not allow."""
    found = {_problem(source.module, name) for name in imports(source)}
    if _room(source.module) == "":
        return sorted(found - {""})
    if _room(source.module) not in {*WIRING, *(room for row in ROWS for room in row)}:
        found.add(f"{source.module} stands in no row of the house")
    return sorted(found - {""})


def _problem(module: str, name: str) -> str:
    package = name.split(".")[0]
    sentence = f"{module} imports {name}"
    if package in {"tests", "kie_simulator"} and not module.startswith(package):
        return f"{sentence}: nothing imports the {package}"
    if package in RESERVED and not _lies_in(module, RESERVED[package]):
        return f"{sentence}: only {' and '.join(RESERVED[package])} may"
    if module.split(".")[0] in ALONE:
        allowed = package in sys.stdlib_module_names or package == module.split(".")[0]
        return "" if allowed else f"{sentence}: the simulator stands alone"
    if _lies_in(module, (LAUNCHER,)) and module != NOT_IN_THE_LAUNCHER:
        # Where a reserved package may go was settled above.
        allowed = package in sys.stdlib_module_names or package in RESERVED
        allowed = allowed or _lies_in(name, (LAUNCHER, "kling_platform.env"))
        return "" if allowed else f"{sentence}: the launcher stays small"
    return _problem_in_the_house(module, name, sentence)


def _problem_in_the_house(module: str, name: str, sentence: str) -> str:
    room, other = _room(module), _room(name)
    if not room:
        return ""
    package = name.split(".")[0]
    if package == "kling_platform" and room not in EDGES | set(WIRING):
        return f"{sentence}: settings are reached through django.conf"
    if room in ROWS[0] and package not in sys.stdlib_module_names | {"generations"}:
        allowed = package in GROUND_PACKAGES[room]
        return "" if allowed else f"{sentence}: {room} knows no {package}"
    if not other or other == room or other in _allowed(room):
        return ""
    return f"{sentence}: {room} may not know {other}"


def _allowed(room: str) -> frozenset[str]:
    if room in WIRING:
        return WIRING[room]
    for height, row in enumerate(ROWS):
        if room in row:
            return frozenset().union(*ROWS[:height])
    return frozenset()


def _room(name: str) -> str:
    """Answer the room of `generations` that a dotted name lies in, "" for any other name."""
    parts = name.split(".")
    return parts[1] if parts[0] == "generations" and len(parts) > 1 else ""


def _lies_in(name: str, places: tuple[str, ...]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def _base(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = source.module.split(".")
    up = node.level - 1 if source.is_package else node.level
    kept = parts[: len(parts) - up]
    return ".".join([*kept, node.module] if node.module else kept)


def _is_dynamic_import(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"import_module", "__import__"}
