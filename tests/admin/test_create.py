"""The create page: one form, one generation, however often and however wrongly it is sent."""

import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.urls import reverse

from generations.models import Generation, SourceImage
from tests.factories import IMAGE_URL, make_generation, make_image, make_preset, picture

ADD = "/admin/generations/generation/add/"


def form(**changes):
    return {
        "key": uuid4().hex,
        "prompt": "The cat turns its head",
        "image_url": IMAGE_URL,
        "duration": "5",
        "negative_prompt": "blur",
        "cfg_scale": "0.5",
        "preset": "",
        "project": "",
        "tags": "spring, cats",
        "note": "for the front page",
        "image": "",
        "emptied": "",
    } | changes


def upload(data=None):
    return SimpleUploadedFile("cat.jpg", data or picture(), "image/jpeg")


def page_of(generation):
    return reverse("admin:generations_generation_change", args=[generation.pk])


def test_a_form_makes_one_generation_and_leads_to_its_page(cast, login):
    response = login(cast.operator).post(ADD, form())

    made = Generation.objects.get()
    assert response.url == page_of(made)
    assert made.created_by == cast.operator
    assert made.input == {
        "prompt": "The cat turns its head",
        "image_url": IMAGE_URL,
        "duration": "5",
        "negative_prompt": "blur",
        "cfg_scale": 0.5,
    }
    assert set(made.tags.values_list("name", flat=True)) == {"spring", "cats"}
    assert made.note == "for the front page"


def test_a_dropped_file_becomes_the_picture(cast, login):
    login(cast.operator).post(ADD, form(image_url="", file=upload()))

    made = Generation.objects.get()
    assert made.image == SourceImage.objects.get()
    assert made.image.owner == cast.operator
    assert made.input["image_url"] is None


@pytest.mark.parametrize("source", ["address", "file"])
def test_the_same_form_sent_again_makes_nothing_more(cast, login, source):
    client, key = login(cast.operator), uuid4().hex

    def send():
        if source == "address":
            return client.post(ADD, form(key=key))
        return client.post(ADD, form(key=key, image_url="", file=upload()))

    first, second = send(), send()

    assert first.url == second.url == page_of(Generation.objects.get())
    assert SourceImage.objects.count() == (1 if source == "file" else 0)


def test_a_used_form_with_other_values_is_explained_and_may_be_sent_again(cast, login):
    client, key = login(cast.operator), uuid4().hex
    client.post(ADD, form(key=key))

    response = client.post(ADD, form(key=key, prompt="The dog barks"))
    assert "has been sent before with other values" in response.content.decode()
    assert Generation.objects.count() == 1

    fresh = re.search(r'name="key" value="([0-9a-f]{32})"', response.content.decode())[1]
    assert fresh != key
    client.post(ADD, form(key=fresh, prompt="The dog barks"))
    assert Generation.objects.count() == 2


def test_two_forms_make_two_generations(cast, login):
    client = login(cast.operator)
    client.post(ADD, form())
    client.post(ADD, form())
    assert Generation.objects.count() == 2


def test_a_form_without_a_key_makes_nothing(cast, login):
    response = login(cast.operator).post(ADD, form(key=""))
    assert response.status_code == 200
    assert not Generation.objects.exists()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("ru", "Поле &#x27;prompt&#x27; слишком длинное"),
        ("en", "Field &#x27;prompt&#x27; is too long"),
    ],
)
def test_a_broken_rule_stands_beside_its_field_in_the_interfaces_language(
    cast, login, language, sentence
):
    response = login(cast.operator, language).post(ADD, form(prompt="ж" * 5001))

    field = response.context["form"]["prompt"]
    assert len(field.errors) == 1
    assert sentence in str(field.errors)
    assert "ж" * 5001 in response.content.decode()
    assert not Generation.objects.exists()


def test_every_fault_is_shown_at_once_and_every_value_is_kept(cast, login):
    response = login(cast.operator).post(
        ADD, form(prompt="", image_url="ftp://x", cfg_scale="1.5", tags="a" * 61, note="kept note")
    )

    errors = response.context["form"].errors
    assert set(errors) == {"prompt", "image_url", "cfg_scale", "tags"}
    text = response.content.decode()
    assert "ftp://x" in text
    assert "kept note" in text
    assert 'value="1.5"' in text


def test_an_uploaded_picture_survives_a_fault_elsewhere(cast, login):
    client = login(cast.operator)
    faulty = form(image_url="", prompt="", file=upload())
    response = client.post(ADD, faulty)
    image = SourceImage.objects.get()
    assert f'name="image" value="{image.pk}"' in response.content.decode()

    client.post(ADD, form(key=faulty["key"], image_url="", image=str(image.pk)))
    assert Generation.objects.get().image == image


def test_a_file_that_is_no_picture_is_refused_beside_the_drop_zone(cast, login):
    response = login(cast.operator).post(ADD, form(image_url="", file=upload(b"not a picture")))
    assert "not a JPEG, PNG or WebP picture" in str(response.context["form"]["file"].errors)
    assert not SourceImage.objects.exists()


def test_a_picture_and_an_address_together_are_refused(cast, login):
    response = login(cast.operator).post(ADD, form(file=upload()))
    assert "not both" in str(response.context["form"]["file"].errors)
    assert not Generation.objects.exists()


def test_a_strangers_picture_is_not_usable(cast, login):
    image = make_image(by=cast.stranger)
    response = login(cast.operator).post(ADD, form(image_url="", image=str(image.pk)))
    assert response.status_code == 200
    assert str(image.pk) not in response.content.decode()
    assert not Generation.objects.exists()


def test_a_preset_fills_what_was_not_typed_and_yields_to_what_was(cast, login):
    version = make_preset(by=cast.operator, prompt="From the preset", negative_prompt="trembling")
    login(cast.operator).post(
        ADD, form(preset=version.preset.slug, prompt="", negative_prompt="", cfg_scale="0.9")
    )

    made = Generation.objects.get()
    assert made.preset_version == version
    assert made.input["prompt"] == "From the preset"
    assert made.input["negative_prompt"] == "trembling"
    assert made.input["cfg_scale"] == 0.9


def test_what_was_emptied_on_purpose_stays_empty_despite_the_preset(cast, login):
    version = make_preset(by=cast.operator, negative_prompt="trembling")
    emptied = form(preset=version.preset.slug, negative_prompt="", emptied="negative_prompt")
    login(cast.operator).post(ADD, emptied)
    assert Generation.objects.get().input["negative_prompt"] == ""


def test_an_empty_negative_prompt_means_none(cast, login):
    login(cast.operator).post(ADD, form(negative_prompt=""))
    assert Generation.objects.get().input["negative_prompt"] == ""


def test_the_page_shows_what_each_length_costs(cast, login):
    text = login(cast.operator).get(ADD).content.decode()
    assert "160 credits ($0.80)" in text
    assert "320 credits ($1.60)" in text


def test_the_form_begins_with_an_earlier_generations_values(cast, login):
    like = make_generation(by=cast.operator, note="once more")
    text = login(cast.operator).get(f"{ADD}?like={like.pk}").content.decode()
    assert like.input["prompt"] in text
    assert "once more" in text


def test_nothing_of_a_strangers_generation_is_copied(cast, login):
    like = make_generation(by=cast.stranger, note="secret plan")
    response = login(cast.operator).get(f"{ADD}?like={like.pk}")
    assert response.status_code == 200
    assert "secret plan" not in response.content.decode()


def test_only_those_who_may_create_see_the_page(cast, login):
    assert login(cast.operator).get(ADD).status_code == 200
    for person in (cast.finance, cast.auditor):
        assert login(person).get(ADD).status_code == 403
        assert login(person).post(ADD, form()).status_code == 403


def test_a_picture_by_its_address_is_looked_at_where_the_settings_ask(
    cast, login, settings, monkeypatch
):
    settings.CHECK_IMAGE_URLS = True
    asked = []

    class Reader:
        def read(self, url, *, max_bytes, deadline_s):
            asked.append(url)
            return picture(100, 100)

    monkeypatch.setattr("generations.provider.fetcher", Reader)
    response = login(cast.operator).post(ADD, form())
    assert asked == [IMAGE_URL]
    assert "too small" in str(response.context["form"]["image_url"].errors)
    assert not Generation.objects.exists()


def test_a_broken_database_is_not_mistaken_for_a_fault_of_the_form(cast, login, monkeypatch):
    def broken(*args, **options):
        raise IntegrityError("disk")

    monkeypatch.setattr("generations.admin.create.create", broken)
    with pytest.raises(IntegrityError):
        login(cast.operator).post(ADD, form())
