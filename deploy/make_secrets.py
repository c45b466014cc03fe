"""Writes the secret files compose.yaml mounts: random passwords, database URLs, first API keys.

    python deploy/make_secrets.py [folder]

The folder (default deploy/secrets) gets mode 700, so that only its owner reaches the files; the
files are readable inside the containers, whose processes run as another user. A file that is
there stays as it is: running it again changes nothing.
"""

import json
import secrets
import sys
from pathlib import Path

SERVICES = ("erp", "crm", "bridge")
HOST = "postgres:5432"


def database_urls(service: str) -> dict[str, str]:
    """The two URLs of one service: its runtime role's and its owner's."""
    return {
        f"{service}_database_url": url(service, service),
        f"{service}_migration_database_url": url(f"{service}_owner", service),
    }


def url(role: str, database: str) -> str:
    """A PostgreSQL URL with a fresh password."""
    return f"postgresql://{role}:{secrets.token_hex(24)}@{HOST}/{database}"


def write(folder: Path, name: str, content: str) -> None:
    """Create one secret, unless it is there."""
    path = folder / name
    if not path.exists():
        path.write_text(content + "\n", encoding="utf-8")
        path.chmod(0o644)


def main(folder: Path) -> None:
    """Fill the folder with what is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(folder, "postgres_password", secrets.token_hex(24))
    for service in SERVICES:
        for name, content in database_urls(service).items():
            write(folder, name, content)
    for service in SERVICES:
        write(folder, f"{service}_bootstrap_keys", json.dumps({"keys": []}))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "deploy/secrets"))
