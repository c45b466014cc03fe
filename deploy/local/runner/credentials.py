"""Keys and passwords of a local installation: invented once, kept in its data folder.

`credentials.json` is for people. Each service reads its first keys and users from a file of its
own below `bootstrap/`; the bridge reads its keys for both halves from there too.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from identity.keys import new_secret
from make_secrets import BRIDGE_SCOPES, bridge_rights
from runner.plan import Plan

__all__ = ["Credentials"]

LOGIN = "admin"
PASSWORD_BYTES = 12


class Credentials:
    """The stored credentials of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "credentials.json"
        self.bootstrap = data_dir / "bootstrap"
        known = self.path.read_text(encoding="utf-8") if self.path.exists() else "{}"
        self.services: dict[str, dict[str, str]] = json.loads(known)

    def prepare(self, plan: Plan) -> None:
        """Invent what is missing and write the files the services of this run read."""
        for service in plan.services:
            entry = self.services.setdefault(service.name, {})
            entry.setdefault("api_key", new_secret(service.name))
            entry.setdefault("login", LOGIN)
            entry.setdefault("password", secrets.token_urlsafe(PASSWORD_BYTES))
            entry["url"] = plan.url(service)
        self.bootstrap.mkdir(mode=0o700, exist_ok=True)
        for service in plan.services:
            document = self._first_entries(service.name)
            _write_private(self.bootstrap / f"{service.name}.json", json.dumps(document, indent=2))
        _write_private(self.path, json.dumps(self.services, indent=2) + "\n")

    def _first_entries(self, service: str) -> dict[str, Any]:
        entry = self.services[service]
        keys: list[dict[str, Any]] = [
            {"name": "administrator", "secret": entry["api_key"], "scopes": ["admin"]}
        ]
        if service in BRIDGE_SCOPES:
            secret = self._kept(f"bridge_{service}_key", new_secret(service))
            keys.append({"name": "bridge", "secret": secret} | bridge_rights(service))
        user = {
            "login": entry["login"],
            "name": "Administrator",
            "password": entry["password"],
            "roles": ["admin"],
        }
        return {"keys": keys, "users": [user]}

    def _kept(self, name: str, fresh: str) -> str:
        path = self.bootstrap / name
        if not path.exists():
            _write_private(path, fresh)
        return path.read_text(encoding="utf-8")


def _write_private(path: Path, text: str) -> None:
    """Replace a file that only its owner reads; never half written."""
    fresh = path.with_name(f"{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
