"""`make run` as a person uses it: start, look, break, stop, start again."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120
READY = "Ctrl-C stops everything"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Terminal:
    """A terminal in which `make run` was typed."""

    def __init__(self, data, **environment):
        self.lines = []
        self._grown = threading.Condition()
        given = {name: value for name, value in os.environ.items() if "DATABASE_URL" not in name}
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "deploy/local/run.py"), "up"],
            env=given | {"TANDEM_AS_IT_IS": "1", "TANDEM_DATA": str(data)} | environment,
            cwd=data.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._grown:
                self.lines.append(line.rstrip())
                self._grown.notify_all()
        with self._grown:
            self._grown.notify_all()

    @property
    def screen(self):
        return "\n".join(self.lines)

    def shows(self, text, times=1):
        """Wait for the text, so often; False when the program ended without it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._grown:
            while self.screen.count(text) < times:
                left = deadline - time.monotonic()
                if left <= 0 or not self._reader.is_alive():
                    return False
                self._grown.wait(min(left, 1))
        return True

    def ends(self):
        code = self.process.wait(timeout=PATIENCE_SECONDS)
        self._reader.join()
        self.process.stdout.close()
        return code

    def press_ctrl_c(self):
        self.process.send_signal(signal.SIGINT)
        return self.ends()


@pytest.fixture
def types_make_run():
    opened = []

    def open_terminal(data, **environment):
        opened.append(Terminal(data, **environment))
        return opened[-1]

    yield open_terminal
    for terminal in opened:
        if terminal.process.poll() is None:
            terminal.process.send_signal(signal.SIGTERM)
            terminal.ends()


def erp(data):
    entry = json.loads((data / "credentials.json").read_text())["erp"]
    return httpx.Client(
        base_url=entry["url"],
        headers={"Authorization": f"Bearer {entry['api_key']}"},
        trust_env=False,
        timeout=20,
    )


def processes_of(data):
    """Processes whose command line or environment belongs to this data folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(data) in said:
            found.append(int(entry.name))
    return found


def service_process(data, module="erp"):
    for pid in processes_of(data):
        if f"child.py\0{module}\0".encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    message = f"no process of {module}"
    raise AssertionError(message)


def test_one_half_runs_stops_and_runs_again_with_its_state(open_folder, types_make_run):
    data, port = open_folder / "data", str(free_port())
    terminal = types_make_run(data, ONLY="erp", ERP_PORT=port)
    assert terminal.shows(READY), terminal.screen
    assert "Tandem is ready." in terminal.screen
    assert f"http://127.0.0.1:{port}/docs" in terminal.screen
    assert "Demo company" in terminal.screen
    assert re.search(r"Migrations .*\(\d+\.\d s\)", terminal.screen)
    credentials = data / "credentials.json"
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    known = json.loads(credentials.read_text())["erp"]
    assert known["api_key"] in terminal.screen
    assert known["password"] in terminal.screen
    with erp(data) as api:
        made = api.post(
            "/v1/customers", json={"name": "Kept over night"}, headers={"Idempotency-Key": "k1"}
        )
        assert made.status_code == 201, made.text
    assert (
        "/v1/customers" not in terminal.screen
    )  # what is done stays out: the log-in stays in view
    assert terminal.press_ctrl_c() == 0, terminal.screen
    assert terminal.lines[-1] == "Stopped."
    assert processes_of(data) == []

    again = types_make_run(data, ONLY="erp", ERP_PORT=port)
    assert again.shows(READY), again.screen
    assert "Demo company" not in again.screen
    assert "up to date" in again.screen
    with erp(data) as api:
        kept = api.get(f"/v1/customers/{made.json()['id']}")
        assert kept.json()["name"] == "Kept over night"
    assert json.loads(credentials.read_text())["erp"] == known


def test_every_line_is_shown_to_who_asks_for_it(open_folder, types_make_run):
    data, port = open_folder / "data", str(free_port())
    terminal = types_make_run(data, ONLY="erp", ERP_PORT=port, DEMO="0", LOGS="1")
    assert terminal.shows(READY), terminal.screen
    with erp(data) as api:
        api.get("/v1/customers")
    assert terminal.shows("/v1/customers"), terminal.screen
    assert terminal.press_ctrl_c() == 0, terminal.screen


def test_what_is_killed_comes_back_by_itself(open_folder, types_make_run):
    data = open_folder / "data"
    terminal = types_make_run(data, ONLY="erp", ERP_PORT=str(free_port()), DEMO="0")
    assert terminal.shows(READY), terminal.screen
    with erp(data) as api:
        first = service_process(data)
        os.kill(first, signal.SIGKILL)
        assert terminal.shows("was ended by SIGKILL; it is started again"), terminal.screen
        wait_until_ready(api)
        assert service_process(data) != first

        postmaster = int((data / "postgres/postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        assert terminal.shows("PostgreSQL had ended; it was started again"), terminal.screen
        wait_until_ready(api)
    assert terminal.press_ctrl_c() == 0
    assert processes_of(data) == []


def test_a_killed_runner_leaves_nothing_behind_and_can_be_started_again(
    open_folder, types_make_run
):
    data, port = open_folder / "data", str(free_port())
    terminal = types_make_run(data, ONLY="erp", ERP_PORT=port, DEMO="0")
    assert terminal.shows(READY), terminal.screen
    terminal.process.kill()
    terminal.process.wait()
    again = types_make_run(data, ONLY="erp", ERP_PORT=port, DEMO="0")
    assert again.shows(READY), again.screen
    assert again.press_ctrl_c() == 0
    assert processes_of(data) == []
    terminal.ends()


def test_a_second_runner_on_the_same_folder_is_told_how(open_folder, types_make_run):
    data = open_folder / "data"
    first = types_make_run(data, ONLY="erp", ERP_PORT=str(free_port()), DEMO="0")
    assert first.shows("PostgreSQL"), first.screen
    second = types_make_run(data, ONLY="erp", ERP_PORT=str(free_port()))
    assert second.ends() == 2
    assert f"already runs on {data} (process {first.process.pid})" in second.screen
    assert "TANDEM_DATA=" in second.screen


def test_a_taken_port_is_named_with_the_way_out(open_folder, types_make_run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        terminal = types_make_run(open_folder / "data", ONLY="crm", CRM_PORT=str(port))
        assert terminal.ends() == 2
    assert f"Port {port} for the CRM is taken by another program." in terminal.screen
    assert f"make run CRM_PORT={port + 100}" in terminal.screen


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"ONLY": "warehouse"}, "ONLY=warehouse is unknown: write ONLY=erp, ONLY=crm"),
        ({"ERP_PORT": "eighty"}, "ERP_PORT=eighty is no port"),
        ({"ERP_PORT": "70000"}, "ERP_PORT=70000 is no port"),
        ({"ERP_HOST": "192.0.2.1"}, "ERP_HOST must be an address of this machine"),
    ],
)
def test_a_wrong_choice_is_explained(open_folder, types_make_run, given, told):
    terminal = types_make_run(open_folder / "data", **given)
    assert terminal.ends() == 2
    assert told in terminal.screen
    assert "Traceback" not in terminal.screen


def test_a_service_that_refuses_to_start_is_quoted(open_folder, types_make_run):
    terminal = types_make_run(
        open_folder / "data", ONLY="erp", ERP_PORT=str(free_port()), ERP_ZONE="Nowhere/Never"
    )
    assert terminal.ends() == 2
    assert "`erp migrate` failed" in terminal.screen
    assert "Nowhere/Never" in terminal.screen


def wait_until_ready(api):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if api.get("/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    message = "it did not become ready again"
    raise AssertionError(message)
