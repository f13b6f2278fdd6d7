"""Makes the KIE client and the fetcher from the settings, read when they are asked for."""

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from generations.kie import KieClient, KieConfig
from generations.media import Fetcher


def client() -> KieClient:
    """Answer a client for the configured hosts; the same one for as long as the settings stay."""
    return _client(
        KieConfig(
            base_url=settings.KIE_BASE_URL,
            upload_base_url=settings.KIE_UPLOAD_BASE_URL,
            api_key=settings.KIE_API_KEY,
        )
    )


@lru_cache(maxsize=4)
def _client(config: KieConfig) -> KieClient:
    return KieClient(config)


def fetcher() -> Fetcher:
    """Answer the guarded fetcher for results and for addresses that users give."""
    return Fetcher(allow_hosts=settings.FETCH_ALLOW_HOSTS)


@dataclass(frozen=True, slots=True)
class Callbacks:
    """How callback addresses are built; `base_url` is empty when callbacks are off."""

    base_url: str

    def url(self, token: str) -> str | None:
        return f"{self.base_url}/callbacks/kie/{token}/" if self.base_url else None


def callbacks() -> Callbacks:
    return Callbacks(base_url=settings.PUBLIC_BASE_URL)
