"""TLS and log-ins for the local broker: certificates, a password and a key that signs tokens.

Made once in a folder and kept, for machines where one develops and tests. Every file is for its
owner alone; nothing here is fit for brokers that others reach.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from kafka_ports import LOOPBACK

__all__ = ["KafkaAccess"]

ADDED = Path(__file__).with_name("kafka") / "secured.properties"


@dataclass(frozen=True)
class KafkaAccess:
    """What broker and clients show to each other; `folder` has the files."""

    folder: Path
    username: str = "tandem"
    limited_username: str = "limited"
    issuer: str = "http://127.0.0.1/local-issuer"
    audience: str = "kafka"

    @property
    def ca_file(self) -> Path:
        """The authority's certificate."""
        return self.folder / "ca.pem"

    @property
    def certificate_file(self) -> Path:
        """A client's certificate; its key is in `key_file`."""
        return self.folder / "client.pem"

    @property
    def key_file(self) -> Path:
        """The key of the client's certificate."""
        return self.folder / "client.key"

    @property
    def password_file(self) -> Path:
        """The password of `username`, for PLAIN and SCRAM."""
        return self.folder / "password"

    @property
    def token_key_file(self) -> Path:
        """The private key (JWK) by which an issuer signs tokens that the broker takes."""
        return self.folder / "token-key.json"

    def make(self) -> None:
        """Write what is not there yet. Raises ImportError: a package is missing."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.token_key_file.exists():
            return
        # A plain broker needs no package.
        from kafka_certificates import certificates, token_keys  # noqa: PLC0415

        self.folder.chmod(0o700)
        for name, content in certificates(("broker", "client")).items():
            self._write(self.folder / name, content)
        self._write(self.password_file, secrets.token_urlsafe(24).encode())
        private, public = token_keys()
        self._write(self.folder / "keys.json", json.dumps({"keys": [public]}).encode())
        self._write(self.token_key_file, json.dumps(private).encode())

    def _write(self, path: Path, content: bytes) -> None:
        path.touch(mode=0o600)
        path.write_bytes(content)

    @property
    def jvm_flags(self) -> tuple[str, ...]:
        """Kafka reads keys of an issuer only from addresses that are allowed by name."""
        allowed = f"file://{self.folder}/keys.json"
        return (f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={allowed}",)

    @property
    def format_arguments(self) -> tuple[str, ...]:
        """What makes both users known for SCRAM, when a data folder is formatted.

        One may do everything. The other has the same password, and no rights until some are given.
        """
        password = self.password_file.read_text()
        return tuple(
            f"--add-scram=SCRAM-SHA-{bits}=[name={name},password={password}]"
            for name in (self.username, self.limited_username)
            for bits in (256, 512)
        )

    def properties(self, ports: Mapping[str, int]) -> str:
        """Lines for the broker's properties; `ports` has those of all listeners."""
        return Template(ADDED.read_text(encoding="utf-8")).substitute(
            ports,
            folder=self.folder,
            username=self.username,
            password=self.password_file.read_text(),
            issuer=self.issuer,
            audience=self.audience,
        )

    def settings(self, login_port: int) -> dict[str, str]:
        """By which variables a service logs in."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{login_port}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME": self.username,
            "KAFKA_SASL_PASSWORD_FILE": str(self.password_file),
            "KAFKA_SSL_CA_FILE": str(self.ca_file),
        }
