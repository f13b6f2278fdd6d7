"""The catalogues: complete, in step with the code, and the .mo what the .po says."""

import re

import polib
import pytest

from tests.i18n.build import FORMS, mo_bytes, po_path, wanted
from tests.i18n.catalogue import Entry

pytestmark = pytest.mark.no_database

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")
_TAG = re.compile(r"</?\w+[^>]*>")


def catalogue(language):
    return polib.pofile(str(po_path(language)))


@pytest.mark.parametrize("language", FORMS)
def test_every_string_of_the_code_is_in_the_catalogue_and_no_other(language):
    have = {Entry(e.msgid, e.msgid_plural or "", e.msgctxt or "") for e in catalogue(language)}
    assert have == set(wanted()), "run: .venv/bin/python -m tests.i18n.build"


@pytest.mark.parametrize("language", FORMS)
def test_the_mo_is_what_the_po_says(language):
    written = po_path(language).with_suffix(".mo").read_bytes()
    assert written == mo_bytes(catalogue(language)), "run: .venv/bin/python -m tests.i18n.build"


def test_nothing_russian_is_missing_or_fuzzy():
    assert [e.msgid for e in catalogue("ru") if not e.translated() or e.fuzzy] == []


def test_placeholders_and_tags_are_the_same_in_both_languages():
    for entry in catalogue("ru"):
        for text in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            source = entry.msgid_plural or entry.msgid
            assert sorted(_PLACEHOLDER.findall(text)) == sorted(_PLACEHOLDER.findall(source))
            assert sorted(_TAG.findall(text)) == sorted(_TAG.findall(source))


def test_russian_is_written_in_russian_letters():
    cyrillic = re.compile("[а-яА-ЯёЁ]")
    same_in_both = {"callback", "%(seconds)s s · %(size)s · MP4"}
    for entry in catalogue("ru"):
        if entry.msgid not in same_in_both and not entry.msgid_plural:
            assert cyrillic.search(entry.msgstr), entry.msgid
