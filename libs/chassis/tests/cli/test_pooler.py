"""A pooler that lends sessions is refused before anything is done; other ones are not."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from chassis.storage import pooler
from chassis.testing.waiting import until

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
COMMANDS = ("serve", "worker", "migrate", "doctor", "restored")


class Session:
    """A connection as a pooler gives it: its session is taken from those that are free."""

    def __init__(self, free, *, own_number=7, keeps=False):
        self.free, self.own_number, self.keeps = free, own_number, keeps
        self.session = None

    def get_server_pid(self):
        return self.own_number

    @asynccontextmanager
    async def transaction(self):
        self.session = self.session or self.free.pop()
        yield
        if not self.keeps:
            self.free.append(self.session)
            self.session = None

    async def fetchval(self, _query, **_options):
        return self.session


async def lends(monkeypatch, **options):
    free = [101, 102, 103]

    @asynccontextmanager
    async def opened(_url, **_seconds):
        yield Session(free, **options)

    monkeypatch.setattr(pooler, "opened", opened)
    return await pooler.lends_sessions("postgresql://x")


async def test_sessions_that_change_hands_between_transactions_are_lent(monkeypatch):
    assert await lends(monkeypatch)
    assert not await lends(monkeypatch, keeps=True)
    assert not await lends(monkeypatch, own_number=103), "PostgreSQL itself answers"


async def test_postgresql_itself_lends_nothing(installed):
    assert not await pooler.lends_sessions(installed.urls.runtime)


@pytest.mark.parametrize("variable", ["SAMPLE_DATABASE_URL", "SAMPLE_MIGRATION_DATABASE_URL"])
def test_commands_are_refused_with_what_to_do(run, installed, monkeypatch, variable):
    async def lends_sessions(url):
        return url == installed.variables[variable]

    monkeypatch.setattr("chassis.cli.installation.lends_sessions", lends_sessions)
    for name in COMMANDS:
        refused = run(name)
        assert refused.exit_code == 2, (name, refused.output)
        assert f"{variable} leads to a pooler that lends sessions" in refused.stderr
        assert "pool_mode = session" in refused.stderr
        password = make_url(installed.variables[variable]).password
        assert password not in refused.stderr


@pytest.fixture
def bouncer(installed):
    """Starts a real PgBouncer before the database; its URL for a mode."""
    if PGBOUNCER is None:
        pytest.skip("pgbouncer is not installed")
    folder = Path(tempfile.mkdtemp(prefix="tandem-bouncer-"))
    started = []

    def start(mode):
        url = make_url(installed.urls.runtime)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (folder / "users").write_text(f'"{url.username}" "{url.password}"\n')
        (folder / "settings").write_text(
            "[databases]\n"
            f"* = host={url.host or url.query['host']} port={url.port or 5432}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {folder}/users\npool_mode = {mode}\n"
        )
        command = [PGBOUNCER, "--quiet", str(folder / "settings")]
        account = "nobody" if os.geteuid() == 0 else None
        folder.chmod(0o755)
        started.append(subprocess.Popen(command, user=account))
        return url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)

    yield start
    for one in started:
        one.terminate()
        one.wait()
    shutil.rmtree(folder)


@pytest.mark.parametrize(("mode", "lent"), [("transaction", True), ("session", False)])
async def test_a_real_pgbouncer_is_refused_in_transaction_mode_alone(
    bouncer, run, monkeypatch, mode, lent
):
    url = bouncer(mode)
    address = make_url(url)

    async def listens():
        try:
            _, writer = await asyncio.open_connection(address.host, address.port)
        except OSError:
            return False
        writer.close()
        return True

    await until(listens)
    assert await pooler.lends_sessions(url) is lent
    monkeypatch.setenv("SAMPLE_DATABASE_URL", url)
    checked = await asyncio.to_thread(run, "doctor")
    assert ("leads to a pooler that lends sessions" in checked.output) is lent
