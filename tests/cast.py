"""The people of the tests, by role, with the rights that the platform's own roles give them.

`operator` and `stranger` are two operators who have nothing to do with each other; whatever is made
in a test is the operator's unless the test says otherwise. A room that wants the fixture imports it in
its own conftest: `from tests.cast import cast as cast`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from generations.models import Scope
from generations.services import tokens
from generations.services.bootstrap import bootstrap

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, one of each. All may log in to the admin with PASSWORD."""

    operator: User
    stranger: User
    lead: User
    finance: User
    auditor: User
    administrator: User


ROLE_OF = {
    "operator": "operator",
    "stranger": "operator",
    "lead": "lead",
    "finance": "finance",
    "auditor": "auditor",
    "administrator": "administrator",
}


def make_cast() -> Cast:
    """Make the roles, the first prices and everybody."""
    # Long ago, so that the first prices hold whenever a test lets something happen.
    bootstrap(now=datetime(2026, 1, 1, tzinfo=UTC))
    return Cast(**{name: _person(name, role) for name, role in ROLE_OF.items()})


def make_token(user: User, *scopes: str, **options: Any) -> str:
    """Make a token of a user, with every scope when none is named, and answer it."""
    options = {"now": datetime.now(UTC)} | options
    return tokens.create(user=user, scopes=scopes or tuple(Scope.values), **options)[1]


def bearer(user: User, *scopes: str) -> dict[str, str]:
    """Answer the header that calls REST as the user, for the test client's `headers`."""
    return {"Authorization": f"Bearer {make_token(user, *scopes)}"}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def _person(name: str, role: str) -> User:
    person = User.objects.create_user(name, f"{name}@example.com", PASSWORD, is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    return person
