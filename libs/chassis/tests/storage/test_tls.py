"""Databases behind TLS: who answers is proved by the certificate that the URL names."""

import asyncio
import ipaddress
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import make_url, text

from chassis.schema.environment import engine_of
from chassis.work.database import Database

PORT = 5432


def certificate(folder, name):
    """A certificate of its own for 127.0.0.1, and its key; the path without ending."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / name


@asynccontextmanager
async def behind_tls(url, made):
    """The port of a server that speaks TLS as PostgreSQL does, before the URL's Unix socket."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{made}.pem", f"{made}.key")
    socket = f"{make_url(url).query['host']}/.s.PGSQL.{make_url(url).port or PORT}"

    async def serve(reader, writer):
        await reader.readexactly(8)  # asks for TLS
        writer.write(b"S")
        try:
            await writer.start_tls(context)
            within = await asyncio.open_unix_connection(socket)
            await asyncio.gather(pipe(reader, within[1]), pipe(within[0], writer))
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def pipe(reader, writer):
    while some := await reader.read(65536):
        writer.write(some)
    writer.close()


def by_tls(url, port, **said):
    """The URL by the port, with words of TLS."""
    plain = make_url(url).set(host="127.0.0.1", port=port, query={})
    words = "&".join(f"{name}={quote(str(value))}" for name, value in said.items())
    return f"{plain.set(drivername='postgresql').render_as_string(hide_password=False)}?{words}"


@pytest.mark.parametrize("word", ["sslmode", "ssl"])
async def test_a_database_proves_who_it_is(sample, tmp_path, word):
    """For requests, for listeners and locks, and for migrations."""
    ours, other = certificate(tmp_path, "ours"), certificate(tmp_path, "other")
    async with behind_tls(sample.runtime_url, ours) as port:
        said = {word: "verify-full", "sslrootcert": f"{ours}.pem"}
        url = by_tls(sample.runtime_url, port, **said)
        database = Database.connect(sample.settings, url=url)
        async with database.driver() as sql:
            assert await sql.fetchval("select 1") == 1
        alone = await database.connect_driver()
        assert await alone.fetchval("select 2") == 2
        await alone.close()
        await database.close()
        engine = engine_of(url)
        async with engine.connect() as connection:
            assert (await connection.execute(text("select 3"))).scalar() == 3
        await engine.dispose()
        wrong = by_tls(sample.runtime_url, port, **said | {"sslrootcert": f"{other}.pem"})
        database = Database.connect(sample.settings, url=wrong)
        with pytest.raises(ssl.SSLCertVerificationError):
            async with database.driver():
                pass
        await database.close()
