"""`python -m contracts.generator generate|check`, run at the root of the working tree.

Which services there are stands in `contracts/services.toml`, by dotted name.
"""

import argparse
import gc
import importlib
import sys
import tomllib
from pathlib import Path

from chassis.service import Service
from contracts.generator.accepted import accepted_breaks
from contracts.generator.check import broken_promises, stale_files
from contracts.generator.generate import contracts_of, write
from contracts.generator.history import History

REGISTER = Path("contracts/services.toml")


def registered(root: Path) -> dict[str, Service]:
    """The services of the register, by the name their contract files have."""
    names: dict[str, str] = tomllib.loads((root / REGISTER).read_text("utf-8"))["services"]
    return {file: _imported(dotted) for file, dotted in names.items()}


def _imported(dotted: str) -> Service:
    module, _, attribute = dotted.partition(":")
    service: Service = getattr(importlib.import_module(module), attribute)
    return service


def generate(root: Path) -> int:
    """Write every contract file; tells which changed."""
    for path in write(root, contracts_of(registered(root))):
        print(f"wrote {path}")
    return 0


def check(root: Path) -> int:
    """Tell stale files and broken promises. Exit code 1 when there is one."""
    files = contracts_of(registered(root))
    history = History(root)
    accepted = accepted_breaks(root)
    broken = [fault for fault in broken_promises(history, files) if fault not in accepted]
    faults = [*stale_files(root, files), *broken]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"contracts: {len(files)} files are up to date and keep what was promised")
    return 1 if faults else 0


def main() -> int:
    """Read the command line and do what it asks."""
    parser = argparse.ArgumentParser(prog="python -m contracts.generator", description=__doc__)
    parser.add_argument("act", choices=["generate", "check"])
    parser.add_argument("--root", type=Path, default=Path(), help="root of the working tree")
    asked = parser.parse_args()
    gc.disable()  # nearly all that it makes stays until it ends
    return generate(asked.root) if asked.act == "generate" else check(asked.root)


if __name__ == "__main__":
    sys.exit(main())
