"""Files below DATA_DIR: pictures, videos and the receipts of accepted submissions.

Every file appears whole or not at all: written under a temporary name, synced, renamed.
"""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID, uuid4

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png"}


def image_path(image_id: UUID, mime: str) -> Path:
    """Answer where the picture lies, or will lie."""
    name = image_id.hex
    return Path(settings.MEDIA_ROOT) / "images" / name[:2] / f"{name}.{_EXTENSIONS[mime]}"


def video_path(generation_id: UUID) -> Path:
    """Answer where the generation's archived video lies, or will lie."""
    name = generation_id.hex
    return Path(settings.MEDIA_ROOT) / "videos" / name[:2] / f"{name}.mp4"


def temporary_video_path(generation_id: UUID) -> Path:
    """Answer a name of its own for a download; its folder exists afterwards."""
    final = video_path(generation_id)
    final.parent.mkdir(parents=True, exist_ok=True)
    return final.with_name(f".{final.stem}.{uuid4().hex}.part")


def put(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole, even after a power cut, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def publish(temporary: Path, final: Path) -> None:
    """Give a synced temporary file its final name."""
    temporary.replace(final)
    _sync_folder(final.parent)


def free_mb() -> int:
    """Answer how many megabytes the disk under DATA_DIR still has."""
    return shutil.disk_usage(settings.DATA_DIR).free // 1_000_000


def has_room() -> bool:
    """Tell whether there is at least MIN_FREE_MB left."""
    return free_mb() >= settings.MIN_FREE_MB


def stale_parts(older_than: float) -> Iterator[Path]:
    """Answer the temporary files last written before the timestamp: what a killed process left."""
    for part in Path(settings.MEDIA_ROOT).glob("*/*/.*.part"):
        try:
            if part.stat().st_mtime < older_than:
                yield part
        except FileNotFoundError:
            continue


@dataclass(frozen=True, slots=True)
class Receipt:
    """What KIE answered to an accepted createTask, kept until the database has it."""

    attempt_id: int
    generation_id: str
    task_id: str

    @classmethod
    def read(cls, path: Path) -> "Receipt":
        """Read one back. Raises ValueError, TypeError or KeyError for what is no receipt."""
        told = json.loads(path.read_bytes())
        return cls(int(told["attempt_id"]), str(told["generation_id"]), str(told["task_id"]))


def write_receipt(receipt: Receipt) -> None:
    put(_receipt_path(receipt.attempt_id), json.dumps(asdict(receipt)).encode())


def drop_receipt(attempt_id: int) -> None:
    _receipt_path(attempt_id).unlink(missing_ok=True)


def receipts(*, older_than: float) -> Iterator[Receipt]:
    """Answer the receipts written on this host before the timestamp that no commit has followed.

    One that cannot be read is logged and set aside under another name: it must not hide the rest.
    """
    for path in sorted(receipt_folder().glob("*.json")):
        try:
            if path.stat().st_mtime < older_than:
                yield Receipt.read(path)
        except FileNotFoundError:
            continue  # the submission's own commit came first
        except (ValueError, TypeError, KeyError):
            log.exception("receipt cannot be read", path=str(path))
            path.replace(path.with_suffix(".unreadable"))


def receipt_folder() -> Path:
    """Answer where receipts lie, one file an attempt."""
    return Path(settings.DATA_DIR) / "receipts"


def _receipt_path(attempt_id: int) -> Path:
    return receipt_folder() / f"{attempt_id}.json"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
