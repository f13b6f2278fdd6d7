"""Which addresses may be fetched: the words of a URL first, then the numbers they resolve to."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from requests import RequestException
from requests_hardened.ip_filter import filter_host
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from generations.media.errors import FetchRefused

MAX_URL_CHARS = 8192
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9-]{1,63}\.?"
)
# getaddrinfo reads 2130706433, 0x7f.1, 0177.1 and 127.1 as 127.0.0.1; no honest address needs it.
_NUMERIC_END = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)\.?$")

# What may stand in a path or query as it is, the percent sign of earlier quoting included.
_SAFE = "%/?:@!$&'()*+,;=-._~[]|"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect and what to ask for; `is_trusted` means the host may be private."""

    scheme: str
    host: str
    port: int
    target: str
    is_trusted: bool


def is_result_url(value: object) -> bool:
    """Say whether a value is a sound http or https address, by its letters alone.

    Sound means: a host both parsers agree on, no user info, white space, control or backslash.
    Whether it may be fetched, the fetcher decides.
    """
    try:
        parse_address(value, frozenset())
    except FetchRefused:
        return False
    return True


def permitted_address(url: str, allow_hosts: frozenset[str]) -> Address:
    """Take a URL apart if its letters are allowed: https on port 443, or a host in allow_hosts.

    Raises FetchRefused.
    """
    address = parse_address(url, allow_hosts)
    if address.is_trusted:
        return address
    if address.scheme != "https":
        raise FetchRefused("only https is allowed")
    if address.port != 443:
        raise FetchRefused("only port 443 is allowed")
    return address


def parse_address(value: object, allow_hosts: frozenset[str]) -> Address:
    """Take an http or https URL apart, refusing whatever two readers could read differently.

    Raises FetchRefused.
    """
    if not isinstance(value, str) or not 0 < len(value) <= MAX_URL_CHARS:
        raise FetchRefused("not an address")
    if any(not char.isprintable() or char.isspace() or char == "\\" for char in value):
        raise FetchRefused("white space, a control character or a backslash in the address")
    try:
        parts = urlsplit(value)
        port = parts.port
        second = parse_url(value)
    except (ValueError, LocationParseError) as error:
        raise FetchRefused("not an address") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise FetchRefused("neither http nor https")
    if "@" in parts.netloc:
        raise FetchRefused("user info in the address")
    host = _sound_host(parts.hostname or "")
    second_host = (second.host or "").strip("[]").lower()
    if second_host != host or second.port != port or port == 0:
        raise FetchRefused("parsers disagree on the host")
    port = port or _DEFAULT_PORTS[parts.scheme]
    name = f"[{host}]" if ":" in host else host
    target = quote(parts.path or "/", safe=_SAFE) + (
        "?" + quote(parts.query, safe=_SAFE) if parts.query else ""
    )
    return Address(parts.scheme, host, port, target, f"{name}:{port}" in allow_hosts)


def _sound_host(host: str) -> str:
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError as error:
            raise FetchRefused("not an address") from error
        if "%" in host:
            raise FetchRefused("not an address")
        return host
    if not _HOST_NAME.fullmatch(host):
        raise FetchRefused("the host is not a plain ASCII name")
    if _NUMERIC_END.search(host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError as error:
            raise FetchRefused("an unusual way to write a number as host") from error
    return host


def refuse_private(ip: str) -> None:
    """Refuse an IP address that is not one of the public internet.

    requests-hardened knows the private, shared, multicast, 6to4, NAT64 and IPv6-mapped ranges;
    Teredo is among the private. It lets reserved (::127.0.0.1) and site-local addresses pass,
    which are closed here. Raises FetchRefused.
    """
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    is_site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    if not address.is_global or address.is_multicast or address.is_reserved or is_site_local:
        raise FetchRefused("the host is not on the public internet")
    try:
        filter_host(str(address), 443, allow_loopback=False)
    except RequestException as error:
        raise FetchRefused("the host is not on the public internet") from error
