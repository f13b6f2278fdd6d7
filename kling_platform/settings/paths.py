"""Where things lie: everything the platform writes is below DATA_DIR."""

from pathlib import Path

from kling_platform import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = (BASE_DIR / env.text("DATA_DIR", "var")).resolve()
MEDIA_ROOT = DATA_DIR / "media"
STATIC_ROOT = DATA_DIR / "static"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "uploads"
MIN_FREE_MB = env.whole("MIN_FREE_MB", 500, least=0, most=10_000_000)

try:
    for _folder in (DATA_DIR, MEDIA_ROOT, FILE_UPLOAD_TEMP_DIR):
        _folder.mkdir(parents=True, exist_ok=True, mode=0o700)
except OSError as error:
    raise env.BadSetting(
        "DATA_DIR", f"must be a folder that can be written: {error.strerror}", str(DATA_DIR)
    ) from None
