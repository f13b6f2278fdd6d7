"""The source itself: one place posts to KIE, nothing repeats a request or follows a redirect."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).parents[2] / "generations"
CLIENT = ROOT / "kie" / "client.py"
TREES = {path: ast.parse(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}


def texts(tree: ast.AST) -> list[str]:
    """String constants that are not docstrings."""
    said_alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in said_alone
    ]


def called(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def name_of(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_only_the_client_knows_the_address_that_spends_money() -> None:
    knowing = {
        path for path, tree in TREES.items() if any("/createTask" in text for text in texts(tree))
    }
    assert knowing == {CLIENT}


def test_the_client_posts_in_one_place() -> None:
    kie = {path: tree for path, tree in TREES.items() if path.parent == CLIENT.parent}
    posting = [path for path, tree in kie.items() for text in texts(tree) if text == "POST"]
    assert posting == [CLIENT]
    assert not [
        (path, call.lineno)
        for path, tree in kie.items()
        for call in called(tree)
        if name_of(call) in ("post", "put", "request", "urlopen", "Session", "session")
    ]


def test_nothing_repeats_a_request() -> None:
    for path, tree in TREES.items():
        for call in called(tree):
            assert name_of(call) != "Retry", f"{path}:{call.lineno}"
            for argument in call.keywords:
                if argument.arg in ("max_retries", "retries"):
                    assert isinstance(argument.value, ast.Constant), f"{path}:{call.lineno}"
                    assert argument.value.value in (0, False), f"{path}:{call.lineno}"


def test_the_room_needs_no_django_and_no_neighbour() -> None:
    for path, tree in TREES.items():
        if path.parent != CLIENT.parent:
            continue
        for node in ast.walk(tree):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for module in modules:
                assert not module.startswith("django"), path
                assert not module.startswith("generations.") or module.startswith(
                    "generations.kie"
                ), path
