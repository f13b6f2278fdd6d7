"""The cast logged in to the admin, with a data folder of the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.cast import cast as cast


@pytest.fixture(autouse=True)
def _own_data(data_dir: Path) -> None:
    """Pictures and videos of one test are not another's."""


@pytest.fixture
def login() -> Callable[..., Client]:
    def make(user: User, language: str = "en") -> Client:
        client = Client(headers={"Accept-Language": language})
        client.force_login(user)
        return client

    return make
