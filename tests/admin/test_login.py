"""The login page: open to who is not logged in yet, and never a side door."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/login/?next=/admin/"])
def test_the_login_page_opens_for_anybody(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.django_db
def test_a_person_logs_in_by_the_form(client: Client) -> None:
    User.objects.create_user("olga", password="correct horse battery", is_staff=True)
    form = {"username": "olga", "password": "correct horse battery"}
    assert client.post("/admin/login/?next=/admin/", form).status_code == 302
    assert client.get("/admin/").status_code == 200


@pytest.mark.django_db
def test_every_page_sends_the_anonymous_to_the_login(client: Client) -> None:
    for path in ("/admin/", "/admin/generations/generation/", "/admin/generations/lane/"):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")
