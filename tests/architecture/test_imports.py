"""The direction of flow: the real tree obeys the table, and the table catches what it should."""

import subprocess
import sys

import pytest

from tests.architecture.rules import ROOT, Source, imports, sources, violations

pytestmark = pytest.mark.no_database


def test_every_module_imports_only_what_its_row_allows() -> None:
    found = [sentence for source in sources(ROOT) for sentence in violations(source)]

    assert found == []


def test_the_whole_house_was_read() -> None:
    modules = {source.module for source in sources(ROOT)}

    assert {"generations", "generations.queue", "kling_platform.launch.supervisor"} <= modules
    assert any(module.startswith("kie_simulator.") for module in modules)


PLANTED = [
    ("generations.catalog.rules", "import django", "catalog knows no django"),
    ("generations.catalog.rules", "import requests", "only generations.kie"),
    ("generations.catalog.rules", "from generations import money", "may not know money"),
    ("generations.money", "from django.conf import settings", "money knows no django"),
    ("generations.kie.client", "from generations.media import Fetcher", "may not know media"),
    ("generations.kie.client", "import tenacity", "kie knows no tenacity"),
    ("generations.media.image", "from generations.models import Image", "may not know models"),
    ("generations.models.price", "from generations import queue", "may not know queue"),
    ("generations.models.price", "from ..services import prices", "may not know services"),
    ("generations.models", "from ..services import prices", "may not know services"),
    ("generations.services.poll", "import requests", "only generations.kie"),
    (
        "generations.services.poll",
        "from generations.provider import client",
        "may not know provider",
    ),
    ("generations.services.poll", "from generations import reports", "may not know reports"),
    ("generations.services.poll", "def f():\n    import generations.api.views", "may not know api"),
    ("generations.services.poll", "from kling_platform import env", "through django.conf"),
    ("generations.services.poll", "import_module('generations.tasks')", "may not know tasks"),
    ("generations.services.poll", "importlib.import_module('generations.tasks')", "not know tasks"),
    ("generations.services.poll", "import django_q.tasks", "only generations.queue may"),
    ("generations.reports.usage", "from generations.services import settle", "not know services"),
    ("generations.provider", "from generations.tasks import submit", "may not know tasks"),
    ("generations.admin.preset", "from generations.api import views", "may not know api"),
    (
        "generations.management.commands.audit",
        "from django_q.models import Task",
        "only generations",
    ),
    (
        "generations.api.views",
        "from kie_simulator import ledger",
        "nothing imports the kie_simulator",
    ),
    ("generations.api.views", "from tests import cast", "nothing imports the tests"),
    ("generations.helpers", "import os", "stands in no row"),
    ("generations.apps", "from generations.services import poll", "may not know services"),
    ("kling_platform.settings.queue", "import django_q", "only generations.queue may"),
    ("kling_platform.launch.place", "from django.conf import settings", "the launcher stays small"),
    ("kling_platform.launch.place", "import kling_platform.settings", "the launcher stays small"),
    ("kling_platform.launch.place", "import generations", "the launcher stays small"),
    ("kie_simulator.ledger", "from generations.kie import values", "stands alone"),
    ("kie_simulator.ledger", "import django", "stands alone"),
    ("kie_simulator.ledger", "if TYPE_CHECKING:\n    import generations", "stands alone"),
]


@pytest.mark.parametrize(("module", "text", "sentence"), PLANTED)
def test_a_planted_import_is_found(module: str, text: str, sentence: str) -> None:
    source = Source(module, text, is_package=module == "generations.models")

    (found,) = violations(source)

    assert sentence in found


SOUND = [
    ("generations.catalog.rules", "import json\nfrom generations.catalog import messages"),
    ("generations.kie.client", "import requests\nimport urllib3\nfrom . import wire"),
    ("generations.media.image", "from PIL import Image"),
    ("generations.queue", "from django_q.tasks import async_task"),
    (
        "generations.services.poll",
        "from generations import queue\nfrom generations.models import Price",
    ),
    ("generations.provider", "from generations.kie import KieClient"),
    (
        "generations.api.views",
        "from generations.services import request\nfrom kling_platform import sites",
    ),
    ("generations.apps", "from generations import checks"),
    ("kling_platform.urls", "from generations.api import urls"),
    ("kling_platform.launch.place", "import json\nfrom kling_platform import env"),
    ("kling_platform.launch.gunicorn_config", "from kling_platform.redaction import redact_text"),
    ("kie_simulator.ledger", "import sqlite3\nfrom kie_simulator import clock"),
]


@pytest.mark.parametrize(("module", "text"), SOUND)
def test_what_the_house_allows_is_no_finding(module: str, text: str) -> None:
    assert violations(Source(module, text)) == []


def test_relative_imports_are_resolved() -> None:
    source = Source("generations.kie.client", "from . import wire\nfrom .errors import ReadFailed")

    assert imports(source) == {"generations.kie.wire", "generations.kie.errors.ReadFailed"}


def test_the_catalogue_needs_the_standard_library_alone() -> None:
    """As interface.md promises; -S leaves out everything that is installed."""
    code = "from generations.catalog import build_input, get_model, validate"

    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
