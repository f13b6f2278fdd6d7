"""The list and the page of generations: who sees what, what is found, what follows by itself."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import translation

from generations.admin import words
from generations.admin.bases import MOST_COUNTED, CappedPaginator
from generations.models import Generation, Lane, Status, Video, VideoState
from generations.services import lane
from tests.factories import archive, make_attempt, make_generation, make_image

LIST = "/admin/generations/generation/"


def page(generation, part="change"):
    return f"{LIST}{generation.pk}/{part}/"


def shown(response):
    return [row.pk for row in response.context["cl"].result_list]


def test_operators_see_their_own_and_leads_see_all_newest_first(cast, login):
    now = datetime.now(UTC)
    old = make_generation(by=cast.operator, at=now)
    new = make_generation(by=cast.operator, at=now + timedelta(seconds=5))
    foreign = make_generation(by=cast.stranger, at=now + timedelta(seconds=9))

    assert shown(login(cast.operator).get(LIST)) == [new.pk, old.pk]
    assert shown(login(cast.lead).get(LIST)) == [foreign.pk, new.pk, old.pk]


@pytest.mark.parametrize("part", ["change", "live", "retry"])
def test_a_foreign_and_a_missing_generation_look_alike(cast, login, part):
    foreign = make_generation(by=cast.stranger, status=Status.CANCELLED)
    client = login(cast.operator)
    assert client.get(page(foreign, part)).status_code == 404
    assert client.get(f"{LIST}{uuid4()}/{part}/").status_code == 404


def test_an_odd_address_is_not_found(cast, login):
    assert login(cast.operator).get(f"{LIST}nonsense/change/").status_code == 404


def test_search_finds_ids_tasks_and_beginnings_of_prompts(cast, login):
    client = login(cast.operator)
    cat = make_generation(
        by=cast.operator, input={"prompt": "Кошка спит", "image_url": "https://a.b"}
    )
    dog = make_generation(by=cast.operator, status=Status.RUNNING, task_id="task-of-the-dog")

    assert shown(client.get(LIST, {"q": str(cat.pk)})) == [cat.pk]
    assert shown(client.get(LIST, {"q": "task-of-the-dog"})) == [dog.pk]
    assert shown(client.get(LIST, {"q": "task-of-the"})) == []
    assert shown(client.get(LIST, {"q": "кошка"})) == [cat.pk]
    assert shown(client.get(LIST, {"q": "спит"})) == []


def test_filters_by_status_and_by_whose(cast, login):
    mine = make_generation(by=cast.lead)
    foreign = make_generation(by=cast.operator, status=Status.RUNNING)
    client = login(cast.lead)

    assert shown(client.get(LIST, {"status__exact": "running"})) == [foreign.pk]
    assert shown(client.get(LIST, {"whose": "mine"})) == [mine.pk]
    assert "whose" not in login(cast.operator).get(LIST).content.decode()


def test_an_empty_list_says_what_to_do(cast, login):
    text = login(cast.operator).get(LIST).content.decode()
    assert "No videos yet" in text
    assert reverse("admin:generations_generation_add") in text


def test_counting_stops_at_the_cap(django_assert_num_queries, db):
    with django_assert_num_queries(1) as queries:
        assert CappedPaginator(Generation.objects.all(), 50).count == 0
    assert f"LIMIT {MOST_COUNTED + 1}" in queries.captured_queries[0]["sql"]


def test_the_list_costs_the_same_queries_however_long(cast, login, django_assert_max_num_queries):
    for _ in range(12):
        make_generation(by=cast.operator)
    client = login(cast.operator)
    with django_assert_max_num_queries(12):
        client.get(LIST)


def test_the_list_follows_only_what_moves(cast, login):
    make_generation(by=cast.operator, status=Status.CANCELLED)
    client = login(cast.operator)
    assert "every 4s" not in client.get(LIST).content.decode()

    moving = make_generation(by=cast.operator)
    text = client.get(LIST).content.decode()
    assert 'hx-trigger="every 4s"' in text
    assert f"live/?ids={moving.pk}" in text


def test_live_rows_answer_the_new_status_and_then_stop(cast, login):
    running = make_generation(by=cast.operator, status=Status.RUNNING)
    over = make_generation(by=cast.operator, status=Status.FAILED)
    foreign = make_generation(by=cast.stranger)
    client = login(cast.operator)

    text = client.get(f"{LIST}live/?ids={running.pk},{foreign.pk},nonsense").content.decode()
    assert f'id="status-{running.pk}" hx-swap-oob="true"' in text
    assert "Running" in text
    assert str(foreign.pk) not in text
    assert "hx-trigger" in text

    assert "hx-trigger" not in client.get(f"{LIST}live/?ids={over.pk}").content.decode()


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_status_has_its_page_and_its_words(cast, login, status, language):
    generation = make_generation(by=cast.operator, status=status)
    response = login(cast.operator, language).get(page(generation))
    assert response.status_code == 200
    with translation.override(language):
        explanation = words.explain(generation, lane=Lane(), now=datetime.now(UTC))
        assert str(Status(status).label) in response.content.decode()
    assert explanation.meaning
    assert bool(explanation.next) == (status != Status.CANCELLED)


def test_a_page_follows_while_not_over_and_says_nothing_when_nothing_happened(cast, login):
    generation = make_generation(by=cast.operator)
    client = login(cast.operator)
    assert 'hx-trigger="every 3s"' in client.get(page(generation)).content.decode()

    seen = f"{page(generation, 'live')}?seen={generation.version}"
    assert client.get(seen).status_code == 204

    lane.pause(by="lead", reason="audit", now=datetime.now(UTC))
    assert "Sending is paused" in client.get(seen).content.decode()

    client.post(page(generation, "cancel"))
    text = client.get(seen).content.decode()
    assert "Cancelled" in text
    assert "hx-trigger" not in text


def test_a_succeeded_one_is_followed_until_its_video_is_here(cast, login):
    generation = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    client = login(cast.operator)
    assert "every 3s" in client.get(page(generation)).content.decode()

    archive(generation)
    text = client.get(page(generation)).content.decode()
    assert "every 3s" not in text
    assert f'src="/api/v1/generations/{generation.pk}/video/"' in text
    assert "download=" in text


def test_a_lost_video_is_named_and_not_offered(cast, login):
    generation = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    Video.objects.filter(pk=generation.pk).update(
        state=VideoState.LOST, next_try_at=None, problem="404 at KIE"
    )
    text = login(cast.operator).get(page(generation)).content.decode()
    assert "404 at KIE" in text
    assert "<video" not in text


def test_the_video_plays_by_the_session_with_byte_ranges(cast, login):
    generation = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    archive(generation)
    response = login(cast.operator).get(
        f"/api/v1/generations/{generation.pk}/video/", headers={"Range": "bytes=0-9"}
    )
    assert response.status_code == 206


def test_a_waiting_one_says_why_it_waits(cast, login):
    generation = make_generation(by=cast.operator)
    now = datetime.now(UTC)
    lane.pause(by="lead", reason="audit", now=now)
    assert (
        "Sending is paused by lead" in login(cast.operator).get(page(generation)).content.decode()
    )
    lane.resume()
    lane.block(code=402, message="no credits", now=now)
    assert "code 402" in login(cast.operator).get(page(generation)).content.decode()


def test_a_queued_one_can_be_cancelled_and_no_other(cast, login):
    client = login(cast.operator)
    queued = make_generation(by=cast.operator)
    running = make_generation(by=cast.operator, status=Status.RUNNING)
    assert "cancel/" in client.get(page(queued)).content.decode()
    assert "cancel/" not in client.get(page(running)).content.decode()

    assert client.get(page(queued, "cancel")).status_code == 405
    client.post(page(queued, "cancel"))
    client.post(page(running, "cancel"))
    queued.refresh_from_db()
    running.refresh_from_db()
    assert queued.status == Status.CANCELLED
    assert running.status == Status.RUNNING


def test_a_foreign_one_cannot_be_cancelled_nor_retried(cast, login):
    foreign = make_generation(by=cast.stranger)
    assert login(cast.operator).post(page(foreign, "cancel")).status_code == 404
    assert login(cast.operator).post(page(foreign, "retry")).status_code == 404
    foreign.refresh_from_db()
    assert foreign.status == Status.QUEUED


def test_the_auditor_watches_and_touches_nothing(cast, login):
    generation = make_generation(by=cast.operator)
    client = login(cast.auditor)
    text = client.get(page(generation)).content.decode()
    assert "cancel/" not in text
    assert "retry/" not in text
    assert client.post(page(generation, "cancel")).status_code == 403
    assert client.post(page(generation, "retry")).status_code == 403


def test_a_retry_asks_with_the_price_and_is_made_once(cast, login):
    old = make_generation(by=cast.operator, status=Status.FAILED)
    client = login(cast.operator)
    response = client.get(page(old, "retry"))
    assert "160 credits ($0.80)" in response.content.decode()

    key = response.context["key"]
    first = client.post(page(old, "retry"), {"key": key})
    second = client.post(page(old, "retry"), {"key": key})
    made = Generation.objects.get(retry_of=old)
    assert first.url == second.url == page(made)


def test_what_is_not_over_cannot_be_retried(cast, login):
    running = make_generation(by=cast.operator, status=Status.RUNNING)
    assert login(cast.operator).post(page(running, "retry"), {"key": "k"}).url == page(running)
    assert Generation.objects.count() == 1


def test_no_page_shows_a_callback_token_or_its_hash(cast, login):
    generation = make_generation(by=cast.operator)
    attempt = make_attempt(generation, token="the-secret-token", at=datetime.now(UTC))
    text = login(cast.operator).get(page(generation)).content.decode()
    assert attempt.request_sha256 in text
    assert attempt.token_sha256 not in text
    assert "the-secret-token" not in text


def test_pictures_are_shown_to_those_who_may_see_them(cast, login):
    image = make_image(by=cast.operator)
    for name in ("admin:generations_picture", "admin:generations_small_picture"):
        address = reverse(name, args=[image.pk])
        answer = login(cast.operator).get(address)
        assert answer.status_code == 200
        assert answer["Cache-Control"].startswith("private")
        assert login(cast.lead).get(address).status_code == 200
        assert login(cast.stranger).get(address).status_code == 404
