"""Presets in the admin: versions instead of changes, archive instead of deletion."""

from django.urls import reverse

from generations.models import Preset
from tests.factories import make_generation, make_preset

LIST = "/admin/generations/preset/"


def page(preset):
    return reverse("admin:generations_preset_change", args=[preset.pk])


def test_a_preset_is_made_of_what_was_filled_in_alone(cast, login):
    form = {"name": "Slow", "is_shared": "on", "duration": "10", "cfg_scale": "0.7", "prompt": ""}
    response = login(cast.operator).post(f"{LIST}add/", form)

    preset = Preset.objects.get()
    assert response.url == page(preset)
    assert (preset.name, preset.is_shared, preset.owner) == ("Slow", True, cast.operator)
    assert preset.versions.get().input == {"duration": "10", "cfg_scale": 0.7}


def test_faults_stand_beside_their_fields(cast, login):
    form = {"name": " ", "cfg_scale": "7", "prompt": "kept"}
    response = login(cast.operator).post(f"{LIST}add/", form)
    assert set(response.context["form"].errors) == {"name", "cfg_scale"}
    assert "kept" in response.content.decode()
    assert not Preset.objects.exists()


def test_a_change_makes_a_new_version_and_no_change_makes_none(cast, login):
    preset = make_preset(by=cast.operator, duration="10").preset
    client = login(cast.operator)
    client.post(page(preset), {"duration": "5"})
    client.post(page(preset), {"duration": "5"})

    assert [v.input["duration"] for v in preset.versions.order_by("version")] == ["10", "5"]
    text = client.get(page(preset)).content.decode()
    assert "v1" in text
    assert "v2" in text


def test_only_the_owner_changes_a_shared_preset(cast, login):
    preset = make_preset(by=cast.operator, is_shared=True).preset
    client = login(cast.stranger)
    text = client.get(page(preset)).content.decode()
    assert "Only operator can change this preset" in text

    client.post(page(preset), {"duration": "5"})
    assert client.post(f"{LIST}{preset.pk}/archive/").status_code == 404
    preset.refresh_from_db()
    assert preset.versions.count() == 1
    assert preset.archived_at is None


def test_a_private_preset_is_not_found_by_strangers(cast, login):
    preset = make_preset(by=cast.operator).preset
    client = login(cast.stranger)
    assert client.get(page(preset)).status_code == 404
    assert list(client.get(LIST).context["cl"].result_list) == []


def test_an_archived_preset_is_no_longer_offered_nor_changed(cast, login):
    preset = make_preset(by=cast.operator).preset
    client = login(cast.operator)
    assert client.get(f"{LIST}{preset.pk}/archive/").status_code == 405
    client.post(f"{LIST}{preset.pk}/archive/")

    client.post(page(preset), {"duration": "5"})
    assert preset.versions.count() == 1
    assert "archived" in client.get(page(preset)).content.decode()
    assert preset.slug not in client.get("/admin/generations/generation/add/").content.decode()


def test_a_preset_begins_with_a_generations_parameters(cast, login):
    like = make_generation(by=cast.operator)
    text = login(cast.operator).get(f"{LIST}add/?like={like.pk}").content.decode()
    assert like.input["prompt"] in text
