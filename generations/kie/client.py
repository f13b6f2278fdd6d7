"""The one way to KIE. createTask spends money and is sent once; everything else is free."""

import json
from decimal import Decimal
from urllib.parse import quote, urlsplit

from urllib3 import encode_multipart_formdata

from generations.kie import codes
from generations.kie.create_answer import create_outcome
from generations.kie.envelope import open_envelope
from generations.kie.errors import Unreadable, UploadFailed, UploadRefused
from generations.kie.json_reading import as_object
from generations.kie.record_answer import amount, successful_data, task_record
from generations.kie.text import is_http_url
from generations.kie.transport import Exchange, Transport
from generations.kie.values import CreateOutcome, CreateTask, KieConfig, TaskRecord, Unsent

_SMALL_ANSWER_BYTES = 64 * 1024
_RECORD_BYTES = 1024 * 1024
_UPLOAD_PATH = "kling-platform"
_SHORTEST_TOKEN = 16


class KieClient:
    """Talks to the configured hosts only; safe to share among threads and through a fork."""

    def __init__(self, config: KieConfig) -> None:
        self._config = config
        self._base_url = config.base_url.rstrip("/")
        self._upload_base_url = config.upload_base_url.rstrip("/")
        self._secrets = (config.api_key,)
        self._transport = Transport(config.ca_file)

    def __repr__(self) -> str:
        return f"KieClient({self._base_url!r})"

    def encode(self, task: CreateTask) -> bytes:
        """The exact body that `create_task` sends; the same task gives the same bytes.

        Raises TypeError or ValueError when the input is not JSON (NaN and infinities included).
        Source: https://docs.kie.ai/market/kling/v2-1-master-image-to-video (read 2026-04).
        """
        body: dict[str, object] = {"model": task.model, "input": dict(task.input)}
        if task.callback_url is not None:
            body["callBackUrl"] = task.callback_url
        return _json_bytes(body)

    def create_task(self, task: CreateTask) -> CreateOutcome:
        """Ask KIE for a paid generation, with exactly one HTTP request that is never repeated.

        Never raises; SystemExit and KeyboardInterrupt pass through, and then the outcome is
        unknown. Takes at most `create_deadline_s`.
        """
        try:
            body = self.encode(task)
        except (TypeError, ValueError, RecursionError):
            return Unsent("the request cannot be written as JSON")
        exchange = self._post(
            f"{self._base_url}/api/v1/jobs/createTask",
            body,
            content_type="application/json",
            deadline_s=self._config.create_deadline_s,
        )
        return create_outcome(exchange, self._secrets + _callback_secrets(task.callback_url))

    def read_task(self, task_id: str) -> TaskRecord:
        """KIE's own record of one task; raises a ReadFailed, and repeats nothing.

        Source: https://docs.kie.ai/market/common/get-task-detail (read 2026-04).
        """
        path = f"/api/v1/jobs/recordInfo?taskId={quote(task_id, safe='')}"
        return task_record(self._get(path), task_id, self._secrets)

    def credit_balance(self) -> Decimal:
        """The account's credits, fractions included; raises a ReadFailed.

        Source: https://docs.kie.ai/common-api/get-account-credits (read 2026-04).
        """
        balance = amount(successful_data(self._get("/api/v1/chat/credit"), self._secrets))
        if balance is None:
            raise Unreadable("the balance is not a number", http_status=codes.OK, code=codes.OK)
        return balance

    def fresh_download_url(self, url: str) -> str:
        """A link of 20 minutes to a file that KIE made; raises a ReadFailed.

        An address that is not KIE's raises NotVisible.
        Source: https://docs.kie.ai/common-api/download-url (read 2026-04).
        """
        exchange = self._post(
            f"{self._base_url}/api/v1/common/download-url",
            _json_bytes({"url": url}),
            content_type="application/json",
            deadline_s=self._config.read_deadline_s,
        )
        fresh_url = successful_data(exchange, self._secrets)
        if not is_http_url(fresh_url):
            raise Unreadable("data is no address", http_status=codes.OK, code=codes.OK)
        return fresh_url

    def upload_image(self, data: bytes, file_name: str, mime: str) -> str:
        """Lay a picture on KIE's upload host, free of charge, and return its public address.

        `file_name` must be new each time: the same name overwrites, and caches serve the old
        picture. KIE keeps uploads for about a day. Raises UploadRefused or UploadFailed.
        Sent as multipart: base64 would be a third larger and is advised up to 10 MB only.
        Source: https://docs.kie.ai/file-upload-api/upload-file-stream (read 2026-04).
        """
        url = f"{self._upload_base_url}/api/file-stream-upload"
        body, content_type = encode_multipart_formdata(
            {
                "uploadPath": _UPLOAD_PATH,
                "fileName": file_name,
                "file": (file_name, data, mime),
            }
        )
        exchange = self._post(
            url,
            body,
            content_type=content_type,
            deadline_s=self._config.upload_deadline_s,
        )
        return _uploaded_url(exchange, self._secrets)

    def _post(self, url: str, body: bytes, *, content_type: str, deadline_s: float) -> Exchange:
        return self._transport.exchange(
            "POST",
            url,
            headers=self._headers(content_type) | {"Connection": "close"},
            body=body,
            deadline_s=deadline_s,
            max_bytes=_SMALL_ANSWER_BYTES,
            fresh_connection=True,
        )

    def _get(self, path: str) -> Exchange:
        return self._transport.exchange(
            "GET",
            f"{self._base_url}{path}",
            headers=self._headers("application/json"),
            body=None,
            deadline_s=self._config.read_deadline_s,
            max_bytes=_RECORD_BYTES,
            fresh_connection=False,
        )

    def _headers(self, content_type: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._config.api_key}",
            # Also on reads: some are reported to want it.
            "Content-Type": content_type,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": self._config.user_agent,
        }


def _json_bytes(value: object) -> bytes:
    # ASCII escapes survive any charset that a gateway may guess.
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def _callback_secrets(callback_url: str | None) -> tuple[str, ...]:
    """The long parts of our callback's path: one of them is its token."""
    if callback_url is None:
        return ()
    parts = urlsplit(callback_url).path.split("/")
    return tuple(part for part in parts if len(part) >= _SHORTEST_TOKEN)


def _uploaded_url(exchange: Exchange, secrets: tuple[str, ...]) -> str:
    if exchange.problem is not None:
        raise UploadFailed(exchange.problem, http_status=exchange.status)
    envelope = open_envelope(exchange, secrets)
    status, code = exchange.status, envelope.code
    reason = f"HTTP {status}, code {code}: {envelope.answer.message}"
    if codes.refuses_upload(code):
        raise UploadRefused(
            reason, http_status=status, code=code, account=code in codes.ACCOUNT_CODES
        )
    url = as_object(envelope.data).get("downloadUrl")
    if status != codes.OK or code != codes.OK or envelope.fields.get("success") is False:
        raise UploadFailed(reason, http_status=status, code=code)
    if not is_http_url(url):
        raise UploadFailed("the answer names no address", http_status=status, code=code)
    return url
