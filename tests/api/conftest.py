"""What the tests of REST share: the cast, and a cache that remembers nothing of other tests."""

import pytest
from django.core.cache import cache

from tests.cast import cast as cast


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()
