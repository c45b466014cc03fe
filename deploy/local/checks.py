"""What `make check` runs: every check, two at a time; all of them even when one fails.

Exit codes: 0 all good, 1 a check failed.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("types", (str(BIN / "mypy"),)),
    ("format", (str(BIN / "ruff"), "format", "--check", "--quiet", ".")),
    ("lint", (str(BIN / "ruff"), "check", "--quiet", ".")),
    ("imports", (str(BIN / "lint-imports"),)),
    ("contracts", (sys.executable, "-m", "contracts.generator", "check")),
    ("contract lint", (sys.executable, "-m", "contracts.lint")),
    ("clients", (sys.executable, "-m", "contracts.clients")),
    ("deploy files", (sys.executable, "deploy/check.py")),
    ("bills of images", (sys.executable, "deploy/sbom.py", "--check")),
)
SKIPPED = "SKIPPED"
"""What a check prints, with the reason, when it passed without judging all."""


@dataclass(frozen=True)
class Verdict:
    """How a check ended and all it said."""

    name: str
    passed: bool
    seconds: float
    said: str


def judge(name: str, command: tuple[str, ...]) -> Verdict:
    """Run one check."""
    began = time.monotonic()
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Verdict(name, result.returncode == 0, time.monotonic() - began, result.stdout)


def main() -> int:
    """Run all checks and print what the failed ones said."""
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pairs:
        for verdict in pairs.map(lambda check: judge(*check), CHECKS):
            word = "ok    " if verdict.passed else "FAILED"
            print(f"{word} {verdict.name:<15} {verdict.seconds:6.1f} s", flush=True)
            if not verdict.passed:
                print(verdict.said, flush=True)
                failed.append(verdict.name)
            elif SKIPPED in verdict.said:
                print(verdict.said, flush=True)
    print(f"make check: {', '.join(failed)} failed" if failed else "make check: all passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
