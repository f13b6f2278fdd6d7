"""The admin as a person meets it: in a browser, on a desk and on a phone, in two languages."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from generations.models import Generation, IncidentKind, Status
from generations.services import budgets, cancel, incidents, lane
from tests.factories import IMAGE_URL, archive, make_generation, make_image, make_preset, picture

LIST = "/admin/generations/generation/"
ADD = f"{LIST}add/"
CLIP = (Path(__file__).parent.parent / "media" / "clip5.mp4").read_bytes()

DROP = """([zone, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const dropped = new DataTransfer();
    dropped.items.add(new File([bytes], "cat.jpg", { type: "image/jpeg" }));
    for (const type of ["dragenter", "dragover", "drop"]) {
        const options = { dataTransfer: dropped, bubbles: true, cancelable: true };
        zone.dispatchEvent(new DragEvent(type, options));
    }
}"""


def drop_a_picture(page):
    zone = page.locator("[data-drop]").element_handle()
    page.evaluate(DROP, [zone, base64.b64encode(picture()).decode()])


def page_of(generation):
    return f"{LIST}{generation.pk}/change/"


def test_from_a_dropped_picture_to_the_generations_page(cast, visit):
    visitor = visit(cast.operator)
    page = visitor.page
    visitor.open(ADD)
    drop_a_picture(page)
    expect(page.locator("[data-drop-facts]")).to_contain_text("640×480")
    page.get_by_label("Prompt", exact=False).first.fill("The cat turns its head")
    page.locator(".kp-choice", has_text="10 seconds").click()
    expect(page.locator("[data-price-shown]")).to_have_text("320 credits ($1.60)")
    page.get_by_role("button", name="Create the video").click()

    page.wait_for_url("**/change/")
    made = Generation.objects.get()
    assert page_of(made) in page.url
    assert made.image is not None
    assert made.input["duration"] == "10"
    expect(page.locator("body")).to_contain_text("The cat turns its head")


def test_a_chosen_file_is_previewed_and_can_be_taken_back(cast, visit):
    visitor = visit(cast.operator)
    page = visitor.page
    visitor.open(ADD)
    chosen = {"name": "cat.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    page.set_input_files("#id_file", chosen)
    expect(page.locator("[data-drop-preview]")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("[data-drop-preview]")).to_be_hidden()
    assert page.evaluate("document.getElementById('id_file').files.length") == 0


def test_a_double_click_and_the_way_back_make_one_generation(cast, visit):
    visitor = visit(cast.operator)
    page = visitor.page
    visitor.open(ADD)
    page.fill("#id_prompt", "Once only")
    page.fill("#id_image_url", IMAGE_URL)
    page.get_by_role("button", name="Create the video").dblclick()
    page.wait_for_url("**/change/")
    page.reload()
    page.go_back()
    page.wait_for_url(f"**{ADD}")
    page.fill("#id_prompt", "Once only")
    page.fill("#id_image_url", IMAGE_URL)
    page.get_by_role("button", name="Create the video").click()
    page.wait_for_url("**/change/")
    assert Generation.objects.count() == 1


def test_a_form_come_back_to_and_changed_asks_before_it_makes_one_more(cast, visit):
    visitor = visit(cast.operator)
    page = visitor.page
    visitor.open(ADD)
    button = page.get_by_role("button", name="Create the video")
    page.fill("#id_prompt", "The cat turns")
    page.fill("#id_image_url", IMAGE_URL)
    button.click()
    page.wait_for_url("**/change/")
    page.go_back()
    page.wait_for_url(f"**{ADD}")
    page.fill("#id_prompt", "The cat jumps")
    page.fill("#id_image_url", IMAGE_URL)
    button.click()
    expect(page.locator(".kp-note-bad")).to_contain_text("has been sent before")
    assert Generation.objects.count() == 1
    button.click()
    page.wait_for_url("**/change/")
    assert Generation.objects.count() == 2


@pytest.mark.parametrize(
    ("language", "sentence", "button"),
    [
        ("ru", "Поле 'prompt' обязательно", "Создать видео"),
        ("en", "Field 'prompt' is required", "Create the video"),
    ],
)
def test_a_fault_stands_beside_its_field(cast, visit, language, sentence, button):
    visitor = visit(cast.operator, language=language)
    page = visitor.page
    visitor.open(ADD)
    drop_a_picture(page)
    page.fill("#id_tags", "kept")
    page.get_by_role("button", name=button).click()

    field = page.locator(".kp-field", has=page.locator("#id_prompt"))
    expect(field.locator(".kp-error")).to_contain_text(sentence)
    expect(page.locator("#id_tags")).to_have_value("kept")
    expect(page.locator("[data-drop-preview]")).to_be_visible()
    assert page.locator("[data-drop-kept]").input_value()
    assert not Generation.objects.exists()


def test_the_counter_counts_as_the_server_does(cast, visit):
    visitor = visit(cast.operator)
    page = visitor.page
    visitor.open(ADD)
    counter = page.locator('[data-counter-for="id_prompt"]')
    for text, length in (("  два слова \r\n", 9), ("👩‍👩‍👧‍👦", 7), ("a" * 5001, 5001)):
        page.fill("#id_prompt", text)
        expect(counter).to_have_text(f"{length} / 5000")
    expect(counter).to_have_class("kp-counter kp-counter-over")


def test_a_preset_fills_what_was_not_typed(cast, visit):
    make_preset(
        by=cast.operator,
        duration="10",
        prompt="From the preset",
        negative_prompt="fog",
        cfg_scale=0.9,
    )
    visitor = visit(cast.operator)
    page = visitor.page
    visitor.open(ADD)
    page.fill("#id_prompt", "My own words")
    page.select_option("#id_preset", label="Slow turn")

    expect(page.locator("#id_prompt")).to_have_value("My own words")
    expect(page.locator("#id_negative_prompt")).to_have_value("fog")
    expect(page.locator("#id_cfg_scale")).to_have_value("0.9")
    expect(page.locator(".kp-range")).to_have_value("0.9")
    expect(page.locator("[data-price-shown]")).to_have_text("320 credits ($1.60)")

    page.fill("#id_negative_prompt", "")
    page.fill("#id_image_url", IMAGE_URL)
    page.get_by_role("button", name="Create the video").click()
    page.wait_for_url("**/change/")
    assert Generation.objects.get().input["negative_prompt"] == ""


def test_the_page_and_the_list_follow_by_themselves_and_stop(cast, visit):
    generation = make_generation(by=cast.operator)
    watcher, lister = visit(cast.operator), visit(cast.operator)
    watcher.open(page_of(generation))
    lister.open(LIST)
    badge = lister.page.locator(f"#status-{generation.pk}")
    expect(badge).to_contain_text("Queued")

    cancel.cancel(generation, by="operator", now=datetime.now(UTC))
    expect(badge).to_contain_text("Cancelled", timeout=8000)
    expect(watcher.page.locator("#generation")).to_contain_text("It cost nothing", timeout=8000)
    expect(lister.page.locator("#follow-rows[hx-get]")).to_have_count(0)
    expect(watcher.page.locator("#generation[hx-get]")).to_have_count(0)


def test_an_archived_video_plays(cast, visit):
    generation = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    archive(generation, data=CLIP)
    visitor = visit(cast.operator)
    visitor.open(page_of(generation))
    visitor.page.wait_for_function("document.querySelector('video').readyState >= 1")
    assert visitor.page.evaluate("Math.round(document.querySelector('video').duration)") == 5


def test_the_language_and_the_theme_are_switched_by_hand(cast, visit):
    visitor = visit(cast.operator, language="en")
    page = visitor.page
    visitor.open(LIST)
    page.locator("[x-data*=openUserLinks] > .cursor-pointer").click()
    page.get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_class("dark")
    page.get_by_role("button", name="русский").click()
    expect(page.locator("h1")).to_contain_text("Генерации")


def test_a_session_that_ended_leads_to_the_login(cast, visit):
    generation = make_generation(by=cast.operator)
    visitor = visit(cast.operator)
    visitor.open(page_of(generation))
    visitor.page.context.clear_cookies()
    visitor.page.wait_for_url("**/admin/login/**", timeout=8000)


@pytest.mark.parametrize("look", ["ru desk", "ru dark", "en phone"])
def test_every_page_is_quiet_and_fits_its_window(cast, visit, look, tmp_path_factory):
    language, manner = look.split()
    image = make_image(by=cast.operator)
    done = make_generation(by=cast.operator, status=Status.SUCCEEDED, image_id=image.pk,
                           input={"prompt": "Камера плавно наезжает на спящую кошку"})  # fmt: skip
    archive(done, data=CLIP)
    waiting = make_generation(by=cast.operator)
    version = make_preset(by=cast.administrator)
    now = datetime.now(UTC)
    incidents.report(IncidentKind.OVERCHARGE, cause="320", now=now, generation_id=done.pk)
    incident = done.incidents.get()
    budget = budgets.set_limit(limit_micro_usd=2_000_000, by="finance", now=now)
    lane.pause(by="lead", reason="Сверка счёта", now=now)
    addresses = {
        "home": "/admin/",
        "list": LIST,
        "create": ADD,
        "done": page_of(done),
        "waiting": page_of(waiting),
        "retry": f"{LIST}{done.pk}/retry/",
        "presets": "/admin/generations/preset/",
        "preset": f"/admin/generations/preset/{version.preset_id}/change/",
        "new-preset": "/admin/generations/preset/add/",
        "projects": "/admin/generations/project/",
        "project": "/admin/generations/project/add/",
        "prices": "/admin/generations/price/",
        "new-price": "/admin/generations/price/add/",
        "what-if": "/admin/generations/price/what-if/",
        "budgets": "/admin/generations/budget/",
        "new-budget": "/admin/generations/budget/add/",
        "budget": f"/admin/generations/budget/{budget.pk}/change/",
        "lane": "/admin/generations/lane/",
        "resume": "/admin/generations/lane/resume/",
        "incidents": "/admin/generations/incident/",
        "incident": f"/admin/generations/incident/{incident.pk}/change/",
        "tokens": "/admin/generations/apitoken/",
        "token": "/admin/generations/apitoken/add/",
        "password": "/admin/password_change/",
    }
    shots = tmp_path_factory.mktemp("pages", numbered=True)
    visitor = visit(
        cast.administrator, language=language, is_dark=manner == "dark", is_phone=manner == "phone"
    )
    for name, address in addresses.items():
        visitor.open(address)
        wide = visitor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} is {wide} px wider than its window"
        if name in {"list", "create", "done"}:
            visitor.page.screenshot(path=shots / f"{language}-{manner}-{name}.png", full_page=True)


def test_the_login_page_is_quiet_in_both_languages(visit, transactional_db):
    for language, word in (("ru", "Войти"), ("en", "Log in")):
        visitor = visit(None, language=language)
        visitor.open("/admin/login/")
        expect(visitor.page.get_by_role("button", name=word)).to_be_visible()
