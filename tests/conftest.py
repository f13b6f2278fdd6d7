"""What every test shares: the database's choice, a clean data folder, the cast."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from pytest_django.plugin import DjangoDbBlocker

from tests import triggers


def pytest_sessionfinish(session: pytest.Session) -> None:
    if Path(settings.DATA_DIR).name.startswith("kling-tests-"):
        shutil.rmtree(settings.DATA_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The tests' database, without the table of a token model that ours stands for.

    Django's emptying after a test with real commits leaves the table out, but PostgreSQL will not
    empty the users as long as it points at them.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS knox_authtoken")


@pytest.fixture
def data_dir(settings: object, tmp_path: Path) -> Path:
    """A data folder of this test's own."""
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]
    return tmp_path


@pytest.fixture(scope="session", autouse=True)
def _emptying_is_allowed() -> Iterator[None]:
    """Tests with real commits end with emptied tables, which the ledger's triggers would refuse."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", triggers.flush)
        yield
