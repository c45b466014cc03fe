"""Writes the secret files compose.yaml mounts: passwords, database URLs, first keys.

    python deploy/make_secrets.py [folder]

The folder (default deploy/secrets) gets mode 700, so that only its owner reaches the files; the
files are readable inside the containers, whose processes run as another user. A file that is
there stays as it is, so running it again changes nothing. The administrator's API keys are in
`<service>_bootstrap_keys`, which each service reads when it migrates.
"""

import base64
import json
import secrets
import sys
from pathlib import Path

SERVICES = ("erp", "crm", "bridge")
HOST = "postgres:5432"
BRIDGE_SCOPES = {
    "erp": [
        *("catalog.read", "catalog.write", "events.read", "events.relay"),
        *("parties.read", "parties.terms", "parties.write", "persons.erase"),
        *("sales.read", "sales.write", "backdate"),
    ],
    "crm": [
        *("accounts.read", "accounts.write", "catalog.read", "catalog.write", "events.read"),
        *("events.relay", "orders.read", "orders.sync", "persons.erase"),
    ],
}
"""What the bridge may do in each half; nothing else."""
BRIDGE_SYSTEMS = {"erp": ["crm"], "crm": ["erp"]}
"""For which half the bridge speaks in each: only its keys may name it."""


def bridge_rights(service: str) -> dict[str, object]:
    """What the bridge's key to a half may do, and for whom it speaks there."""
    return {"scopes": BRIDGE_SCOPES[service], "systems": BRIDGE_SYSTEMS[service]}


def kept(folder: Path, name: str, fresh: str) -> str:
    """The secret of that name: the one that is there, else the fresh one, written now."""
    path = folder / name
    if not path.exists():
        path.write_text(fresh + "\n", encoding="utf-8")
        path.chmod(0o644)
    return path.read_text(encoding="utf-8").strip()


def database_url(role: str, database: str) -> str:
    """A PostgreSQL URL with a fresh password."""
    return f"postgresql://{role}:{secrets.token_hex(24)}@{HOST}/{database}"


def api_key(service: str) -> str:
    """The text of a fresh API key."""
    return f"tdm_{service}_{secrets.token_hex(4)}_{secrets.token_hex(32)}"


def first_keys(folder: Path, service: str) -> str:
    """The keys a new installation starts with: the administrator's, in a half the bridge's too."""
    keys: list[dict[str, object]] = [
        {"name": "administrator", "secret": api_key(service), "scopes": ["admin"]}
    ]
    if service in BRIDGE_SCOPES:
        secret = kept(folder, f"bridge_{service}_key", api_key(service))
        keys.append({"name": "bridge", "secret": secret} | bridge_rights(service))
    return json.dumps({"keys": keys}, indent=2)


def main(folder: Path) -> None:
    """Fill the folder with what is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept(folder, "postgres_password", secrets.token_hex(24))
    for service in SERVICES:
        kept(folder, f"{service}_database_url", database_url(service, service))
        owner = f"{service}_owner"
        kept(folder, f"{service}_migration_database_url", database_url(owner, service))
        kept(folder, f"{service}_bootstrap_keys", first_keys(folder, service))
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        kept(folder, f"{service}_second_factor_keys", key)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "deploy/secrets"))
