"""Settings of the tests: a folder of their own, no network but loopback, quick password hashes."""

import os
import tempfile

os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="kling-tests-")
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE", "")
for _name in (
    "KIE_MODE", "KIE_API_KEY", "KIE_BASE_URL", "KIE_UPLOAD_BASE_URL", "KIE_WEBHOOK_HMAC_KEY",
    "PUBLIC_BASE_URL", "FETCH_ALLOW_HOSTS", "POLL_SECONDS", "SECRET_KEY", "REDIS_URL",
    "LANGUAGE_CODE", "TIME_ZONE", "MIN_FREE_MB", "CHECK_IMAGE_URLS", "API_REQUESTS_PER_MINUTE",
):  # fmt: skip
    os.environ.pop(_name, None)

from kling_platform.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
AXES_ENABLED = False
# Another process would see nothing of a database in memory, and the journeys need several.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
MIN_FREE_MB = 0
