"""Which strings are addresses of pictures."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generations.catalog import validate
from generations.catalog.web_address import origin_of
from tests.catalog.cast import master, payload

pytestmark = pytest.mark.no_database

LONGEST = "https://e.com/" + "a" * (2048 - 14)


@pytest.mark.parametrize(
    "url",
    [
        "https://file.example.com/a.png",
        "http://e.com",
        "HTTPS://E.COM/A.PNG",
        "hTtP://e.com/",
        "https://e.com:8443/a.png",
        "https://e.com:65535/a.png",
        "https://e.com:/a.png",
        "http://127.0.0.1:8000/a.png",
        "https://[::1]/a.png",
        "https://[2001:db8::1]:443/a.png",
        "https://пример.рф/картинка.png",
        "https://xn--e1afmkfd.xn--p1ai/a.png",
        "https://e.com/a%20b%00.png?x=1&y=[2]#part",
        "https://e.com?u@v",
        "https://e.com/@me/a.png",
        "https://my_host/a.png",
        LONGEST,
    ],
)
def test_an_address_is_kept_as_it_is_written(url: str) -> None:
    verdict = validate(master(), payload(image_url=f" \t{url}\r\n"))
    assert verdict.input is not None, verdict.violations
    assert verdict.input["image_url"] == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("e.com/a.png", "scheme"),
        ("//e.com/a.png", "scheme"),
        ("ftp://e.com/a.png", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("data:image/png;base64,AAAA", "scheme"),
        ("https:/e.com/a.png", "scheme"),
        ("https:e.com", "scheme"),
        ("https", "scheme"),
        ("httpss://e.com", "scheme"),
        ("https://", "host"),
        ("http:///x", "host"),
        ("https://?x", "host"),
        ("https://#x", "host"),
        ("https://:80/", "host"),
        ("https://./a", "host"),
        ("https://[::1/a", "host"),
        ("https://[e.com]/a", "host"),
        ("https://[::1]x/a", "host"),
        ("https://[fe80::1%25eth0]/a", "host"),
        ("https://e<b>.com/a", "host"),
        ("https://%65.com/a", "host"),
        ("https://e\u200b.com/a", "host"),
        ("https://e.com\uff0fx/a", "host"),
        ("https://e.com:x/", "port"),
        ("https://e.com:65536/", "port"),
        ("https://e.com:-1/", "port"),
        ("https://e.com:1:2/", "port"),
        ("https://e.com:８０/", "port"),
        ("https://u:p@e.com/", "user_info"),
        ("https://u@e.com/", "user_info"),
        ("https://@e.com/", "user_info"),
        ("https://e.com\\@10.0.0.1/", "backslash"),
        ("https://e.com/a\\b", "backslash"),
        ("https://e.com/a b", "white_space"),
        ("https://e.com/a\tb", "white_space"),
        ("https://e.com/a\nb", "white_space"),
        ("https://e.com/a\u00a0b", "white_space"),
        ("https://e.com/a\u2028b", "white_space"),
        ("https://e.com/a\x85b", "white_space"),
        ("https://e.com/a\x7fb", "control"),
        ("https://e.com/a\x9fb", "control"),
        ("x" * 1_000_000, "scheme"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_anything_else_is_refused_with_the_reason(url: str, reason: str) -> None:
    (violation,) = validate(master(), payload(image_url=url)).violations
    assert (violation.code, dict(violation.params)) == ("invalid_url", {"reason": reason})


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "blank"),
        (" \r\n\x85", "blank"),
        ("\u200b\ufeff", "blank"),
        (LONGEST + "a", "too_long"),
        ("https://e.com/" + "a" * 1_000_000, "too_long"),
        ("https://e.com/\x00", "invalid_text"),
        ("https://e.com/a\rb", "invalid_text"),
        ("https://e.com/\x1f", "invalid_text"),
        ("https://e.com/\ud800", "invalid_text"),
        (None, "required"),
        (5, "invalid_type"),
        (b"https://e.com", "invalid_type"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_other_faults_have_codes_of_their_own(url: object, code: str) -> None:
    (violation,) = validate(master(), payload(image_url=url)).violations
    assert violation.code == code


@given(st.text(alphabet="htps:/.@[]?#\\ %\u200bя5e", max_size=30))
@example("e.com/secret?secret")
def test_where_an_address_leads_is_told_without_its_secrets(text: str) -> None:
    for candidate in (text, f"https://{text}"):
        scheme, _, host = origin_of(candidate).partition("://")
        assert (scheme, host) == ("?", "") or scheme in ("http", "https")
        assert not set("/@?#\\ ") & set(host)
