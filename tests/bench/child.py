"""`python -m tests.bench.child NAME [VARIANT]`: one benchmark, with the tables made and Django ready.

Models can be imported only then, so the benchmark's module is imported last.
"""

import importlib
import sys

from tests.bench.place import set_up_django


def main(name: str, *variant: str) -> None:
    set_up_django()
    importlib.import_module(f"tests.bench.{name}").main(*variant)


if __name__ == "__main__":
    main(*sys.argv[1:])
