"""Languages and zones. Stored times are UTC; days and months of reports follow TIME_ZONE."""

from kling_platform import env
from kling_platform.settings.paths import BASE_DIR

LANGUAGES = [("ru", "Русский"), ("en", "English")]
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "ru", ("ru", "en"))
TIME_ZONE = env.zone("TIME_ZONE", "Europe/Moscow")
USE_TZ = True
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "generations" / "locale"]
