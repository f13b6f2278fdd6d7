"""The task of the queue's benchmark: it notes when it was rung for and when it began."""

import os
import time


def note(path: str, rung_at: float) -> None:
    """Append one short line; the system does that whole, whoever else writes."""
    line = f"{rung_at:.6f} {time.time():.6f}\n".encode()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)
