"""Brings the catalogues up to the code: adds new strings, drops gone ones, writes .po and .mo.

    .venv/bin/python -m tests.i18n.build

New Russian entries come out empty, and the tests refuse them until somebody has translated them.
"""

import os
from pathlib import Path

import django
import polib

from tests.i18n.catalogue import LOCALE, Entry, found_in_our_code, found_in_unfold

_PLURALS = {
    "ru": (
        "nplurals=4; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && "
        "(n%100<12 || n%100>14) ? 1 : n%10==0 || (n%10>=5 && n%10<=9) || "
        "(n%100>=11 && n%100<=14)? 2 : 3);"
    ),
    "en": "nplurals=2; plural=(n != 1);",
}
FORMS = {"ru": 4, "en": 2}


def po_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def known_to_django() -> set[Entry]:
    """Answer what Django itself says in Russian."""
    found = set()
    for path in Path(django.__file__).parent.glob("**/locale/ru/LC_MESSAGES/django.po"):
        found |= {_entry(item) for item in polib.pofile(str(path)) if item.translated()}
    return found


def wanted() -> dict[Entry, str]:
    """Answer what our catalogues must have: all of ours, and what Django lacks of unfold's."""
    ours = found_in_our_code()
    theirs = {
        entry: f"unfold: {Path(place).name}"
        for entry, place in found_in_unfold().items()
        if entry not in known_to_django()
    }
    return theirs | ours


def mo_bytes(po: polib.POFile) -> bytes:
    return bytes(po.to_binary())


def build(language: str) -> None:
    path = po_path(language)
    old = {_entry(item): item for item in polib.pofile(str(path))} if path.exists() else {}
    po = polib.POFile(wrapwidth=100)
    po.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": language,
        "MIME-Version": "1.0",
        "Plural-Forms": _PLURALS[language],
    }
    places = wanted()
    for entry in sorted(places):
        item = polib.POEntry(
            msgid=entry.text,
            msgid_plural=entry.plural,
            msgctxt=entry.context or None,
            comment=places[entry],
        )
        kept = old.get(entry)
        if entry.plural:
            forms = kept.msgstr_plural if kept else {}
            item.msgstr_plural = {n: forms.get(n, "") for n in range(FORMS[language])}
        else:
            item.msgstr = kept.msgstr if kept else ""
        po.append(item)
    path.parent.mkdir(parents=True, exist_ok=True)
    po.save(str(path))
    path.with_suffix(".mo").write_bytes(mo_bytes(po))


def _entry(item: polib.POEntry) -> Entry:
    return Entry(item.msgid, item.msgid_plural or "", item.msgctxt or "")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    for name in FORMS:
        build(name)
