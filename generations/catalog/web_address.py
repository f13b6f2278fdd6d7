"""What makes a string an http or https address that every program reads alike."""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final
from urllib.parse import urlsplit

# How the addresses seen every day begin; whatever else is judged part by part.
_EVERYDAY: Final = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,4})?(?:[/?#]|\Z)")
_PARTS: Final = re.compile(r"(?i:https?)://([^/?#]*)")
_WHITE_SPACE: Final = re.compile(r"\s")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]|[^\x00-\x7f])*")
_PORT: Final = re.compile(r"[0-9]{0,5}")
_MOST_PORT: Final = 65535


def fault_of(url: str) -> str | None:
    """Answer why a trimmed string is no http(s) address, or None when it is one; total.

    Reasons: white_space, control, backslash, scheme, user_info, host, port. Private hosts are
    addresses too: who fetches one must guard itself.
    """
    is_plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if is_plain and _EVERYDAY.match(url):
        return None
    if _WHITE_SPACE.search(url):
        return "white_space"
    if _CONTROL.search(url):
        return "control"
    if "\\" in url:
        return "backslash"
    parts = _PARTS.match(url)
    if parts is None:
        return "scheme"
    authority = parts[1]
    if "@" in authority:
        return "user_info"
    return _fault_of_authority(authority, url)


def path_of(url: str) -> str:
    """Answer the path of an address that has no fault."""
    return urlsplit(url).path


def origin_of(url: str) -> str:
    """Answer scheme and host of an address, "?" for a string that is none; never a secret.

    origin_of("https://file.example.com/a.png?token=1") == "https://file.example.com"
    """
    if fault_of(url) is not None:
        return "?"
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{parts.scheme}://[{host}]" if ":" in host else f"{parts.scheme}://{host}"


def _fault_of_authority(authority: str, url: str) -> str | None:
    if authority.startswith("["):
        literal, closed, rest = authority[1:].partition("]")
        if not closed or not _is_ipv6(literal) or (rest and not rest.startswith(":")):
            return "host"
        port = rest[1:]
    else:
        host, _, port = authority.partition(":")
        # Format characters in a host name are dropped by some programs and not by others.
        if not _HOST.fullmatch(host) or not host.isprintable() or not host.strip("._-"):
            return "host"
    if not _PORT.fullmatch(port) or (port and int(port) > _MOST_PORT):
        return "port"
    try:
        # Catches letters that compatibility mapping turns into "/", "?", "#", "@" or ":".
        urlsplit(url)
    except ValueError:
        return "host"
    return None


def _is_ipv6(literal: str) -> bool:
    try:
        IPv6Address(literal)
    except AddressValueError:
        return False
    return "%" not in literal
