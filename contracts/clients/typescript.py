"""TypeScript types, by openapi-typescript, for openapi-fetch; checked by tsc, strictly."""

import json
import shutil
from pathlib import Path

from contracts.clients.build import HERE, JOURNEYS, ClientFault, Language, run
from contracts.node import install

__all__ = ["COMPILED_JOURNEY", "TYPESCRIPT"]

FOLDER = HERE / "typescript"
LOCK = FOLDER / "package-lock.json"
JOURNEY = JOURNEYS / "journey.ts"
COMPILED_JOURNEY = Path("compiled", "journey.js")
"""Below the folder of the clients."""
OPTIONS = {
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "exactOptionalPropertyTypes": True,
    "noPropertyAccessFromIndexSignature": True,
    "module": "nodenext",
    "target": "es2022",
    "types": ["node"],
    "outDir": str(COMPILED_JOURNEY.parent),
}


def _program(name: str) -> str:
    """The path of a program of the locked packages, installed at first. Raises SetUpError."""
    install(FOLDER)
    return str(FOLDER / "node_modules" / ".bin" / name)


def generate(contract: Path, target: Path) -> None:
    """One file of types: `target/<service>.ts`."""
    made = target / f"{contract.stem}.ts"
    said = run([_program("openapi-typescript"), str(contract), "--output", str(made)])
    if "⚠" in said or "warn" in said.lower():
        raise ClientFault(said)


def compile_all(target: Path) -> None:
    """The compiler, in its strictest form, has nothing to say of types and journey."""
    compiler = _program("tsc")
    packages = target / "node_modules"
    if not packages.exists():
        packages.symlink_to(FOLDER / "node_modules")
    shutil.copy(JOURNEY, target)
    files = [one.name for one in sorted(target.glob("*.ts"))]
    config = {"compilerOptions": OPTIONS, "files": files}
    (target / "tsconfig.json").write_text(json.dumps(config), encoding="utf-8")
    (target / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    run([compiler, "--project", str(target)])


TYPESCRIPT = Language("typescript", (LOCK, Path(__file__)), (JOURNEY,), generate, compile_all)
