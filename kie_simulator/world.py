"""Everything the rooms of the simulator share, passed to each as one argument."""

import json
import secrets
import threading
from pathlib import Path
from typing import Any

from kie_simulator.book import Book
from kie_simulator.clock import Clock
from kie_simulator.ledger import Ledger
from kie_simulator.limits import Window
from kie_simulator.rows import CREDIT
from kie_simulator.settings import BadSetting, Settings


class World:
    """One account at one KIE: its books, its clock, its faults and its limits."""

    def __init__(
        self,
        data_dir: Path,
        *,
        speed: float = 1.0,
        api_key: str | None = None,
        balance: float = 10_000.0,
        hmac_key: str | None = None,
        seed: str | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.ledger = Ledger(data_dir / "simulator.sqlite3")
        self.clock = Clock(speed, self.ledger.recall("clock"))
        # The keys are the command line's business; the rest goes on as it was left.
        kept = json.loads(self.ledger.recall("settings") or "{}")
        self.settings = Settings().changed(kept | {"api_key": api_key, "hmac_key": hmac_key})
        self.seed = seed or self.ledger.recall("seed") or secrets.token_hex(8)
        self.book = Book(self.seed)
        self.base_url = ""
        self.stopping = threading.Event()
        self.woken = threading.Event()
        self.creates = Window(10.0)
        self.reads = Window(1.0)
        self.catalogue = Window(1.0)
        self._open(balance)

    def _open(self, balance: float) -> None:
        with self.ledger as ledger:
            ledger.remember("seed", self.seed)
            ledger.remember("clock", self.clock.saved())
            if ledger.recall("opened") is None:
                ledger.remember("opened", "yes")
                ledger.move("opening", round(balance * CREDIT))

    @property
    def account(self) -> str:
        """Will return the account's number as it stands in addresses of uploads."""
        return str(100_000 + int.from_bytes(self.seed.encode(), "big") % 900_000)

    def change(self, changes: dict[str, Any]) -> None:
        """Will change settings, ``speed``, or jump forward by ``advance_s`` simulated seconds.

        Raises BadSetting, and then nothing has changed.
        """
        changes = dict(changes)
        speed, advance_s = changes.pop("speed", None), changes.pop("advance_s", None)
        for name, value, least in (("speed", speed, 1e-3), ("advance_s", advance_s, 0.0)):
            if value is not None and (not isinstance(value, int | float) or value < least):
                raise BadSetting(f"{name} must be a number of at least {least:g}, not {value!r}")
        self.settings = self.settings.changed(changes)
        if speed is not None:
            self.clock.set_speed(float(speed))
        if advance_s is not None:
            self.clock.advance(float(advance_s))
        self.ledger.remember("clock", self.clock.saved())
        self.ledger.remember("settings", json.dumps(self.settings.as_dict()))
        self.woken.set()

    def reset(self, *, balance: float = 10_000.0, seed: str | None = None) -> None:
        """Will forget every task, request, upload, movement and fault, and open a new account."""
        self.ledger.wipe()
        self.book.clear()
        self.settings = Settings(api_key=self.settings.api_key, hmac_key=self.settings.hmac_key)
        self.seed = seed or secrets.token_hex(8)
        self.book.seed = self.seed
        for window in (self.creates, self.reads, self.catalogue):
            window.clear()
        self._open(balance)

    def close(self) -> None:
        self.ledger.remember("clock", self.clock.saved())
        self.ledger.close()
