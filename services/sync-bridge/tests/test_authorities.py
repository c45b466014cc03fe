"""The bridge believes a half whose certificate an authority of the company's own vouches for."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chassis.clock import utc_now
from chassis.telemetry.trace import Trace
from sync_bridge.settings import BridgeSettings
from sync_bridge.targets import HttpTarget, Unreachable

REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def certificate(name, key, *, issuer=None, signed_by=None):
    """Of an authority, or signed by one for the host `localhost`."""
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer.subject if issuer else own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    )
    return made.sign(signed_by or key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path):
    """Files of an authority's certificate, and of a half's with its key."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    vouching = certificate("Tandem test authority", keys[0])
    of_half = certificate("localhost", keys[1], issuer=vouching, signed_by=keys[0])
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    key = keys[1].private_bytes(serialization.Encoding.PEM, form, plain)
    pem = serialization.Encoding.PEM
    (tmp_path / "ca.pem").write_bytes(vouching.public_bytes(pem))
    (tmp_path / "half.pem").write_bytes(of_half.public_bytes(pem) + key)
    return tmp_path


@asynccontextmanager
async def half(folder):
    """Something that answers over https with the half's certificate; its address."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(REPLY)
        await writer.drain()
        writer.close()

    offers = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    offers.load_cert_chain(folder / "half.pem")
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=offers)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


async def asked(url, **given):
    """What a half there answers the bridge."""
    target = HttpTarget.of(BridgeSettings(erp_url=url, erp_key="tdm_erp_key", **given), "erp")
    try:
        return await target.get("/v1/orders", trace=Trace.new(), query={})
    finally:
        await target.close()


async def test_an_authority_of_the_own_is_trusted_by_name(authority):
    """ASVS 12.3.4; without its name nobody vouches for the half, and nothing is said to it."""
    async with half(authority) as url:
        assert (await asked(url, ca_file=authority / "ca.pem")).status == 200
        with pytest.raises(Unreachable):
            await asked(url)


def test_a_file_that_is_not_there_is_refused_at_the_start(tmp_path):
    with pytest.raises(ValueError, match="ca_file"):
        BridgeSettings(ca_file=tmp_path / "nothing.pem")
