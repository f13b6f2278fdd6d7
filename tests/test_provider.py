"""The assembly room: clients are made from the settings, read late and kept while they hold."""

import pytest

from generations import provider

pytestmark = pytest.mark.no_database


def test_the_same_settings_give_the_same_client(settings: object) -> None:
    assert provider.client() is provider.client()


def test_changed_settings_give_another_client(settings: object) -> None:
    before = provider.client()
    settings.KIE_API_KEY = "another-key"  # type: ignore[attr-defined]
    assert provider.client() is not before


def test_without_a_public_address_there_are_no_callbacks(settings: object) -> None:
    settings.PUBLIC_BASE_URL = ""  # type: ignore[attr-defined]
    assert provider.callbacks().url("token") is None
    settings.PUBLIC_BASE_URL = "https://platform.example.com"  # type: ignore[attr-defined]
    expected = "https://platform.example.com/callbacks/kie/token/"
    assert provider.callbacks().url("token") == expected
