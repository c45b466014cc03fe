"""TLS and log-ins for the local broker: certificates, a password and a key that signs tokens.

Made once in a folder and kept, for machines where one develops and tests. Every file is for its
owner alone; nothing here is fit for brokers that others reach.
"""

from __future__ import annotations

import ipaddress
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from kafka_ports import LOOPBACK

__all__ = ["KafkaAccess"]

ADDED = Path(__file__).with_name("kafka") / "secured.properties"
DAYS = 365
PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class KafkaAccess:
    """What broker and clients show to each other; `folder` has the files."""

    folder: Path
    username: str = "tandem"
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
        """Write what is not there yet."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.token_key_file.exists():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        authority = _certificate("Tandem local authority", key)
        self._write(self.ca_file, authority.public_bytes(PEM))
        for name in ("broker", "client"):
            own = ec.generate_private_key(ec.SECP256R1())
            certificate = _certificate(f"tandem-{name}", own, authority, key).public_bytes(PEM)
            if name == "broker":
                self._write(self.folder / "broker.pem", _private(own) + certificate)
            else:
                self._write(self.certificate_file, certificate)
                self._write(self.key_file, _private(own))
        self._write(self.password_file, secrets.token_urlsafe(24).encode())
        signing = ECKey.generate_key("P-256", {"kid": "local", "alg": "ES256", "use": "sig"})
        public = {"keys": [signing.as_dict(private=False)]}
        self._write(self.folder / "keys.json", json.dumps(public).encode())
        self._write(self.token_key_file, json.dumps(signing.as_dict(private=True)).encode())

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
        """What makes the user known for SCRAM, when a data folder is formatted."""
        user = f"name={self.username},password={self.password_file.read_text()}"
        return tuple(f"--add-scram=SCRAM-SHA-{bits}=[{user}]" for bits in (256, 512))

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


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None = None,
    issuer_key: ec.EllipticCurvePrivateKey | None = None,
) -> x509.Certificate:
    """Of an authority, or signed by one for this machine."""
    own = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    made = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer.subject if issuer else own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
    )
    return made.sign(issuer_key or key, hashes.SHA256())
