"""What shall run: which services, where they listen, what they are told."""

import errno
import hashlib
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.telling import Refusal

__all__ = ["ALL", "Plan", "Runnable", "fingerprint"]


@dataclass(frozen=True)
class Runnable:
    """A service as the runner sees it."""

    name: str
    title: str
    module: str
    folder: str
    default_port: int

    @property
    def prefix(self) -> str:
        """What its settings' names begin with."""
        return f"{self.name.upper()}_"


ALL = (
    Runnable("erp", "ERP", "erp", "services/erp/src", 8001),
    Runnable("crm", "CRM", "crm", "services/crm/src", 8002),
    Runnable("bridge", "sync bridge", "sync_bridge", "services/sync-bridge/src", 8003),
)
HALVES = ("erp", "crm")


@dataclass(frozen=True)
class Plan:
    """The services of this run, in the order in which they depend on each other."""

    services: Sequence[Runnable]
    data_dir: Path
    given: Mapping[str, str]

    @classmethod
    def of(cls, given: Mapping[str, str], root: Path) -> "Plan":
        """Read ONLY and TANDEM_DATA. Raises Refusal for a half that does not exist."""
        only = given.get("ONLY", "").lower()
        if only and only not in HALVES:
            message = f"ONLY={only} is unknown: write ONLY=erp, ONLY=crm, or leave it away for both"
            raise Refusal(message)
        chosen = tuple(service for service in ALL if only in {"", service.name})
        data = Path(given.get("TANDEM_DATA") or root / ".tandem").resolve()
        return cls(services=chosen, data_dir=data, given=given)

    @property
    def both(self) -> bool:
        """Whether ERP, CRM and bridge run together."""
        return len(self.services) == len(ALL)

    @property
    def embedded(self) -> bool:
        """Whether a service needs the PostgreSQL that comes along."""
        return any(f"{one.prefix}DATABASE_URL" not in self.given for one in self.services)

    def host(self, service: Runnable) -> str:
        """The address it listens on."""
        return self.given.get(f"{service.prefix}HOST") or "127.0.0.1"

    def port(self, service: Runnable) -> int:
        """The port it listens on. Raises Refusal for one that is no port."""
        name = f"{service.prefix}PORT"
        written = self.given.get(name) or str(service.default_port)
        if not written.isdigit() or not 0 < int(written) < 2**16:
            message = f"{name}={written} is no port: write a number from 1 to 65535"
            raise Refusal(message)
        return int(written)

    def url(self, service: Runnable) -> str:
        """Where a program on this machine reaches it."""
        host = self.host(service)
        reached = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared
        return f"http://{f'[{reached}]' if ':' in reached else reached}:{self.port(service)}"

    def ports_are_free(self) -> bool:
        """Whether every service could listen now."""
        return not any(_refused(self.host(one), self.port(one)) for one in self.services)

    def check_ports(self) -> None:
        """Raises Refusal when a port is taken, with the way to choose another."""
        for service in self.services:
            host, port = self.host(service), self.port(service)
            failed = _refused(host, port)
            if failed is not None:
                raise Refusal(_advice(service, host, port, failed))

    def environment(self, service: Runnable, secrets_dir: Path) -> dict[str, str]:
        """The environment variables its process gets; what the person set stays as it is."""
        own = {
            f"{service.prefix}PORT": str(self.port(service)),
            f"{service.prefix}LOG_FORMAT": "console",
            f"{service.prefix}LOG_LEVEL": "info" if self.given.get("LOGS") == "1" else "warning",
            "PYTHONUNBUFFERED": "1",
        }
        ours = {
            "TANDEM_DATA": str(self.data_dir),
            f"{service.prefix}BOOTSTRAP_KEY_FILE": str(secrets_dir / f"{service.name}.json"),
        }
        if service.name == "bridge":
            for half in ALL[:2]:
                own[f"BRIDGE_{half.prefix}URL"] = self.url(half)
                ours[f"BRIDGE_{half.prefix}KEY_FILE"] = str(secrets_dir / f"bridge_{half.name}_key")
        return own | dict(self.given) | ours

    def command(self, service: Runnable, python: str) -> list[str]:
        """How its process is started."""
        wrapper = str(Path(__file__).with_name("child.py"))
        return [python, wrapper, service.module, "serve", "--with-worker"]


def fingerprint(root: Path, service: Runnable, plan: Plan) -> str:
    """Changes with the code that makes the tables, and with the database it is made in."""
    digest = hashlib.sha256(plan.given.get(f"{service.prefix}DATABASE_URL", "").encode())
    libraries = ("values", "calendars", "brokers", "chassis", "identity", "records", "approvals")
    for folder in (*(f"libs/{one}/src" for one in libraries), service.folder):
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _refused(host: str, port: int) -> OSError | None:
    """Why nobody could listen there; None: one could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as failed:
            return failed
    return None


def _advice(service: Runnable, host: str, port: int, failed: OSError) -> str:
    """What is wrong with the service's port, and what to do."""
    name = f"{service.prefix}PORT"
    if failed.errno == errno.EADDRINUSE:
        return (
            f"Port {port} for the {service.title} is taken by another program.\n"
            f"Stop the program that uses it, or choose another port: make run {name}={port + 100}"
        )
    if failed.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"Port {port} for the {service.title} is not open to this account.\n"
            f"Choose one from 1024 up: make run {name}={service.default_port + 100}"
        )
    return (
        f"The {service.title} cannot listen on {host}, port {port}: {failed.strerror}.\n"
        f"{service.prefix}HOST must be an address of this machine; leave it away for 127.0.0.1."
    )
