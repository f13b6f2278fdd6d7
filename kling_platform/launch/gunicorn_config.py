"""gunicorn's settings. It runs in the web child, not in the launcher."""

import logging
import os
from typing import Any

from kling_platform.redaction import redact_text

_host = os.environ["HOST"]
bind = f"[{_host}]:{os.environ['PORT']}" if ":" in _host else f"{_host}:{os.environ['PORT']}"
worker_class = "gthread"
workers = 2
threads = 8
graceful_timeout = 25
keepalive = 5
worker_tmp_dir = os.path.join(os.environ["DATA_DIR"], "run")
control_socket_disable = True
# The application logs each request itself, without the secrets that an address may hold.
accesslog = None
loglevel = "warning"


class _Redact(logging.Filter):
    """A request that fails below the application is logged with its address, token and all."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact_text(record.getMessage()), ()
        return True


def post_worker_init(worker: Any) -> None:
    worker.log.error_log.addFilter(_Redact())
