"""Python clients, by openapi-python-client; checked by mypy."""

import sys
import venv
from pathlib import Path

from contracts.clients.build import BUILD, HERE, JOURNEYS, ROOT, Language, digest, locked, run
from contracts.node import attempt

__all__ = ["JOURNEY", "PYTHON", "interpreter"]

REQUIREMENTS = ROOT / "requirements" / "clients.txt"
CONFIG = HERE / "python.yaml"
JOURNEY = JOURNEYS / "journey.py"


def interpreter() -> Path:
    """The Python of the generators' own environment, which is made at first. Raises SetUpError."""
    home = BUILD / f"tools-{digest([REQUIREMENTS])[:12]}"
    python = home / "bin" / "python"
    with locked("tools"):
        if not (home / ".complete").exists():
            venv.create(home, clear=True, with_pip=True)
            pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            attempt([str(python), *pip, "--require-hashes", "-r", str(REQUIREMENTS)], cwd=ROOT)
            (home / ".complete").touch()
    return python


def generate(contract: Path, target: Path) -> None:
    """A package for each service: `target/<service>`, `_` for each `-`."""
    made = target / contract.stem.replace("-", "_")
    run(
        [
            *(
                str(interpreter().with_name("openapi-python-client")),
                "generate",
                "--path",
                str(contract),
            ),
            *("--meta", "none", "--config", str(CONFIG), "--fail-on-warning"),
            *("--overwrite", "--output-path", str(made)),
        ]
    )


def compile_all(target: Path) -> None:
    """Every line has its types, and so has the journey, strictly."""
    packages = [str(one) for one in sorted(target.iterdir()) if (one / "client.py").exists()]
    mypy = [sys.executable, "-m", "mypy", "--config-file", "", "--no-error-summary"]
    known = ["--python-executable", str(interpreter()), "--cache-dir", str(target / ".mypy")]
    run([*mypy, *known, *packages], cwd=target)
    run([*mypy, *known, "--strict", "--follow-imports", "silent", str(JOURNEY)], cwd=target)


PYTHON = Language(
    "python", (REQUIREMENTS, CONFIG, Path(__file__)), (JOURNEY,), generate, compile_all
)
