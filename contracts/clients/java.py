"""Java clients, by openapi-generator, with the JDK's own HTTP client; compiled by javac."""

import json
import re
import shutil
from pathlib import Path

from contracts.clients.build import BUILD, HERE, ClientFault, Language, digest, run
from contracts.clients.python import REQUIREMENTS, interpreter
from contracts.node import SetUpError, attempt

__all__ = ["JAVA"]

POM = HERE / "java" / "pom.xml"
OPTIONS = "hideGenerationTimestamp=true,openApiNullable=true,useJakartaEe=true"
ONLY_SOURCES = "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"
EXPECTED = re.compile(
    r" WARN .*(OpenAPI 3\.1 support is still in beta"
    r"|Failed to get the schema name: null$|Ignoring complex example on request body$)"
)
"""What the generator says of itself: to every document of OpenAPI 3.1; of a class that takes no
further fields and is found only in lists that may be null, which it does make (`_require_all`);
and of a request example that is an object, which it leaves out of the documentation."""


def generate(contract: Path, target: Path) -> None:
    """Sources under `target/<service>`. A warning is a fault of the contract."""
    made = target / contract.stem
    shutil.rmtree(made, ignore_errors=True)
    package = f"tandem.{contract.stem.replace('-', '')}"
    names = f"invokerPackage={package},apiPackage={package}.api,modelPackage={package}.model"
    said = run(
        [
            *(_jdk("java"), "-jar", str(_generator()), "generate", "--generator-name", "java"),
            *("--library", "native", "--input-spec", str(contract), "--output", str(made)),
            *("--additional-properties", f"{OPTIONS},{names}", "--global-property", ONLY_SOURCES),
        ]
    )
    warnings = [line for line in said.splitlines() if " WARN " in line or " ERROR " in line]
    if faults := [line for line in warnings if not EXPECTED.search(line)]:
        raise ClientFault("\n".join(faults))
    _require_all(contract, made)


def _require_all(contract: Path, made: Path) -> None:
    """Each class of the contract is there. Raises ClientFault."""
    schemas = json.loads(contract.read_text("utf-8"))["components"]["schemas"]
    classes = {file.stem.lower() for file in made.rglob("model/*.java")}
    named = {name for name, schema in schemas.items() if "properties" in schema}
    if absent := sorted(name for name in named if name.lower() not in classes):
        message = f"{contract.name}: no class was made of {', '.join(absent)}"
        raise ClientFault(message)


def compile_all(target: Path) -> None:
    """Each client's classes, in the folder beside its sources."""
    jars = _jars()
    for client in sorted(one for one in target.iterdir() if (one / "pom.xml").exists()):
        files = [str(one) for one in sorted((client / "src" / "main").rglob("*.java"))]
        listed = client / "sources.txt"
        listed.write_text("\n".join(files), encoding="utf-8")
        classes = ["-d", str(client / "classes"), "-cp", str(jars / "*")]
        run([_jdk("javac"), "-nowarn", "-Xlint:none", *classes, f"@{listed}"])


def _jdk(name: str) -> str:
    """A program of the JDK. Raises SetUpError."""
    return _found(name, "Java clients need a JDK 17 or newer (Debian: openjdk-17-jdk-headless)")


def _found(name: str, advice: str) -> str:
    path = shutil.which(name)
    if path is None:
        message = f"no {name} was found: {advice}"
        raise SetUpError(message)
    return path


def _generator() -> Path:
    """The generator's jar, which its wheel brings."""
    packages = next((interpreter().parents[1] / "lib").glob("python*/site-packages"))
    return packages / "openapi_generator_cli" / "openapi-generator.jar"


def _jars() -> Path:
    """The folder of what the clients use, fetched by Maven once. Raises SetUpError."""
    folder = BUILD / f"jars-{digest([POM])[:12]}"
    if not folder.exists():
        maven = _found("mvn", "Maven fetches what Java clients use")
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        copy = ["dependency:copy-dependencies", f"-DoutputDirectory={unfinished}"]
        attempt([maven, "-B", "-q", "-C", "-f", str(POM), *copy], cwd=HERE)
        unfinished.rename(folder)
    return folder


JAVA = Language("java", (REQUIREMENTS, POM, Path(__file__)), (), generate, compile_all)
