"""Tokens and sessions: which count, when they stop to, and what they may do."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generations.models import ApiToken
from generations.services import tokens
from tests.api.calling import Caller, calling, problem
from tests.cast import PASSWORD, Cast, make_token
from tests.factories import an_input

BAD_HEADERS = [
    "Bearer",
    "Bearer ",
    "Bearer a b",
    "Bearer nonsense",
    "Bearer " + "a" * 64,
    "Bearer " + "a" * 5000,
    "Bearer \xff\xfe",
    "Bearer %00",
]


@pytest.mark.parametrize("header", BAD_HEADERS)
def test_a_token_that_is_none_is_refused(cast: Cast, header: str) -> None:
    answer = Caller({"Authorization": header}).get("generations/")

    problem(answer, 401, "token_refused")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["", "Basic b3A6cHc=", "Token abc", "bearerabc"])
def test_anything_but_a_bearer_is_no_token(cast: Cast, header: str) -> None:
    answer = Caller({"Authorization": header}).get("generations/")

    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_the_scheme_may_be_written_in_any_case(cast: Cast) -> None:
    token = make_token(cast.operator)

    assert Caller({"Authorization": f"bEARER {token}"}).get("models/").status_code == 200


def test_a_token_in_the_address_is_none(cast: Cast) -> None:
    token = make_token(cast.operator)

    for name in ("token", "access_token", "key"):
        problem(Caller().get(f"models/?{name}={token}"), 401, "not_authenticated")


def _expire(token: ApiToken) -> None:
    ApiToken.objects.update(expiry=datetime.now(UTC) - timedelta(seconds=1))


def _disable(token: ApiToken) -> None:
    User.objects.filter(pk=token.user_id).update(is_active=False)


def _revoke(token: ApiToken) -> None:
    tokens.revoke(token, now=datetime.now(UTC))


@pytest.mark.parametrize("end", [_expire, _disable, _revoke])
def test_a_token_that_has_ended_is_refused_at_once(
    cast: Cast, end: Callable[[ApiToken], None]
) -> None:
    caller = calling(cast.operator)
    assert caller.get("generations/").status_code == 200

    end(ApiToken.objects.get())

    problem(caller.get("generations/"), 401, "token_refused")


def test_a_token_with_an_end_works_until_then(cast: Cast) -> None:
    token = make_token(cast.operator, expires_in=timedelta(days=1))

    assert Caller({"Authorization": f"Bearer {token}"}).get("models/").status_code == 200


def test_looking_at_an_expired_token_deletes_nothing(cast: Cast) -> None:
    caller = calling(cast.operator)
    _expire(ApiToken.objects.get())
    caller.get("generations/")

    assert ApiToken.objects.count() == 1


def test_the_use_of_a_token_is_noted_once_a_minute(cast: Cast) -> None:
    caller = calling(cast.operator)
    caller.get("models/")
    first = ApiToken.objects.get().last_used_at
    assert first is not None

    caller.get("models/")
    assert ApiToken.objects.get().last_used_at == first

    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    caller.get("models/")
    noted = ApiToken.objects.get().last_used_at
    assert noted is not None
    assert noted >= first


def test_a_right_that_is_taken_away_is_gone_from_its_tokens(cast: Cast) -> None:
    caller = calling(cast.operator)
    cast.operator.groups.clear()

    problem(caller.create({"input": an_input()}), 403, "permission_denied")
    assert caller.get("generations/").status_code == 200


def test_a_superuser_needs_no_group(cast: Cast) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)

    assert calling(root).create({"input": an_input()}).status_code == 201


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("operator", (200, 201, 403)),
        ("lead", (200, 201, 200)),
        ("finance", (200, 403, 200)),
        ("auditor", (200, 403, 200)),
        ("administrator", (200, 201, 200)),
    ],
)
def test_a_session_may_do_what_its_permissions_come_to(
    cast: Cast, person: str, expected: tuple[int, ...]
) -> None:
    browser = Caller()
    browser.client.force_login(getattr(cast, person))

    answers = (
        browser.get("generations/"),
        browser.create({"input": an_input()}),
        browser.get("prices/"),
    )

    assert tuple(answer.status_code for answer in answers) == expected


def test_a_session_with_its_csrf_token_may(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.operator)
    client.cookies["csrftoken"] = "a" * 32

    answer = Caller({"X-CSRFToken": "a" * 32}, client).create({"input": an_input()})

    assert answer.status_code == 201


def test_a_disabled_users_session_is_over(cast: Cast) -> None:
    browser = Caller()
    browser.client.force_login(cast.operator)
    User.objects.filter(pk=cast.operator.pk).update(is_active=False)

    problem(browser.get("generations/"), 401, "not_authenticated")
