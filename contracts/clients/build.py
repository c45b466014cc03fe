"""Where clients are generated, and what of it is still good: a contract's own digest says so."""

import fcntl
import hashlib
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from contracts.node import environment

__all__ = [
    "BUILD",
    "HERE",
    "JOURNEYS",
    "ROOT",
    "ClientFault",
    "Language",
    "digest",
    "locked",
    "made",
    "run",
]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
JOURNEYS = HERE / "journeys"
BUILD = ROOT / "build" / "clients"
CONTRACTS = ROOT / "contracts" / "openapi"


class ClientFault(Exception):
    """A generator or a compiler has something to say about a contract; the text is what."""


@dataclass(frozen=True)
class Language:
    """A generator, the files that its clients depend on beside the contract, and what uses them."""

    name: str
    inputs: tuple[Path, ...]
    users: tuple[Path, ...]
    generate: Callable[[Path, Path], None]
    compile_all: Callable[[Path], None]

    @property
    def target(self) -> Path:
        """The folder of all clients in this language."""
        return BUILD / self.name


def made(language: Language) -> bool:
    """Generate and compile what changed; False when everything was good already.

    Raises ClientFault and SetUpError.
    """
    language.target.mkdir(parents=True, exist_ok=True)
    contracts = sorted(CONTRACTS.glob("*.json"))
    with locked(language.name):
        for contract in contracts:
            with _if_changed(language, contract.stem, [contract, *language.inputs]) as changed:
                if changed:
                    language.generate(contract, language.target)
        whole = [*contracts, *language.inputs, *language.users]
        with _if_changed(language, "compiled", whole) as changed:
            if changed:
                language.compile_all(language.target)
    return changed


@contextmanager
def _if_changed(language: Language, step: str, files: Sequence[Path]) -> Iterator[bool]:
    """Whether a step has to be done; noted as done for these files unless it raises."""
    mark = language.target / f".{step}.digest"
    now = digest(files)
    yield not mark.exists() or mark.read_text("utf-8") != now
    mark.write_text(now, encoding="utf-8")


def digest(files: Sequence[Path]) -> str:
    """One digest over what the files hold."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Two processes that ask for the same clients make them once."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(command: list[str], cwd: Path = BUILD) -> str:
    """What a generator or compiler says. Raises ClientFault when it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ClientFault(done.stdout)
    return done.stdout
