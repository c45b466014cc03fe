"""Certificates and keys for the local broker and its clients, of an authority made for them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from kafka_ports import LOOPBACK

__all__ = ["certificates", "token_keys"]

DAYS = 365
PEM = serialization.Encoding.PEM


def certificates(names: Iterable[str]) -> dict[str, bytes]:
    """Files by name: `ca.pem`, and for each name its `.pem` and `.key`.

    The broker reads both from one file, so each `.pem` but the authority's begins with the key.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("Tandem local authority", key)
    files = {"ca.pem": authority.public_bytes(PEM)}
    for name in names:
        own = ec.generate_private_key(ec.SECP256R1())
        files[f"{name}.key"] = _private(own)
        certificate = _certificate(f"tandem-{name}", own, authority, key).public_bytes(PEM)
        files[f"{name}.pem"] = files[f"{name}.key"] + certificate
    return files


def token_keys() -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A key (JWK) by which tokens are signed, and its public half."""
    key = ECKey.generate_key("P-256", {"kid": "local", "alg": "ES256", "use": "sig"})
    return key.as_dict(private=True), key.as_dict(private=False)


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
