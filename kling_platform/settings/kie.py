"""The provider: which mode, which hosts, which limits, how often to look."""

from urllib.parse import urlsplit

from kling_platform import env
from kling_platform.settings.paths import DATA_DIR

SIMULATOR_KEY = "simulator"

KIE_MODE = env.choice("KIE_MODE", "simulator", ("simulator", "live"))
KIE_API_KEY = env.secret("KIE_API_KEY")
KIE_WEBHOOK_HMAC_KEY = env.secret("KIE_WEBHOOK_HMAC_KEY")
SIMULATOR_SPEED = env.whole("SIMULATOR_SPEED", 20, least=1, most=10_000)
PUBLIC_BASE_URL = env.url("PUBLIC_BASE_URL")


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError
    if any(ch.isspace() or ch in "/@\\?#" for ch in host):
        raise ValueError
    return f"{host.lower()}:{int(port)}"


def _fetch_allow_hosts() -> frozenset[str]:
    allowed = "must be a comma-separated list of host:port"
    try:
        return frozenset(_address(entry) for entry in env.listed("FETCH_ALLOW_HOSTS"))
    except ValueError:
        raise env.BadSetting("FETCH_ALLOW_HOSTS", allowed, env.text("FETCH_ALLOW_HOSTS")) from None


FETCH_ALLOW_HOSTS = _fetch_allow_hosts()

if KIE_MODE == "live":
    KIE_BASE_URL = env.url("KIE_BASE_URL", "https://api.kie.ai")
    KIE_UPLOAD_BASE_URL = env.url("KIE_UPLOAD_BASE_URL", "https://kieai.redpandaai.co")
    if not KIE_API_KEY:
        raise env.BadSetting("KIE_API_KEY", "must be set in live mode (or KIE_API_KEY_FILE)")
else:
    _simulator = f"http://127.0.0.1:{env.whole('SIMULATOR_PORT', 8301, least=1, most=65535)}"
    KIE_BASE_URL = env.url("KIE_BASE_URL", _simulator)
    KIE_UPLOAD_BASE_URL = env.url("KIE_UPLOAD_BASE_URL", KIE_BASE_URL)
    for _name, _url in (
        ("KIE_BASE_URL", KIE_BASE_URL),
        ("KIE_UPLOAD_BASE_URL", KIE_UPLOAD_BASE_URL),
    ):
        if not env.is_loopback(urlsplit(_url).hostname or ""):
            raise env.BadSetting(
                _name,
                "must be a loopback address in simulator mode; live needs KIE_MODE=live",
                _url,
            )
        _parts = urlsplit(_url)
        FETCH_ALLOW_HOSTS |= {f"{_parts.hostname}:{_parts.port or 80}"}
    KIE_API_KEY = KIE_API_KEY or SIMULATOR_KEY

KIE_CREATES_PER_10S = env.whole("KIE_CREATES_PER_10S", 18, least=1, most=10_000)
KIE_READS_PER_SECOND = env.whole("KIE_READS_PER_SECOND", 9, least=1, most=10_000)
CHECK_IMAGE_URLS = env.flag("CHECK_IMAGE_URLS")


def _seconds(value: str) -> tuple[int, int, int]:
    first, second, third = (int(part) if part.strip().isdigit() else 0 for part in value.split(","))
    if not 1 <= first <= second <= third <= 31_536_000:
        raise ValueError
    return first, second, third


POLL_SECONDS = env.parsed(
    "POLL_SECONDS",
    "5,10,30",
    _seconds,
    "must be three whole numbers of at least 1, not falling, such as 5,10,30",
)

# A folder begun in one mode never serves the other: real and played money must not meet.
MODE_FILE = DATA_DIR / "kie_mode"
try:
    _begun = MODE_FILE.read_text(encoding="ascii").strip()
except OSError:
    _begun = KIE_MODE
if _begun != KIE_MODE:
    raise env.BadSetting(
        "KIE_MODE", f"must stay {_begun}: DATA_DIR was begun in that mode; choose another DATA_DIR"
    )
