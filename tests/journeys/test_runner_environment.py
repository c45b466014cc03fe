"""The environment that `make run` and `make test` set up, and what is said when that fails."""

import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import run
from embedded.placement import refuge_of
from runner import environment, main
from runner.environment import DISTRIBUTIONS, Environment
from runner.telling import Refusal, Step
from runner.temporary import remove_installation

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path):
    """A checkout with one pinned package, which is nowhere to be had."""
    (tmp_path / "requirements").mkdir()
    for kind in ("local", "dev"):
        pin = "nowhere-to-be-had==1.0 --hash=sha256:" + "0" * 64
        (tmp_path / "requirements" / f"{kind}.txt").write_text(f"{pin}\n")
    for folder in DISTRIBUTIONS:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "pyproject.toml").write_text("[project]\n")
    return tmp_path


@pytest.fixture
def installs(monkeypatch):
    """Records what would be installed, instead of installing it."""
    done = []
    monkeypatch.setattr(
        Environment, "_install", lambda self, now, *what: done.append((self.folder.name, *what))
    )
    monkeypatch.setattr(Environment, "_create", lambda self: done.append(("created",)))
    monkeypatch.setattr(Environment, "_works", lambda self: ("created",) in done)
    monkeypatch.setattr(Environment, "_compile", lambda self: None)
    return done


def prepared(checkout, kind="local"):
    now = Step("Python environment")
    (checkout / ".venv").mkdir(exist_ok=True)
    Environment(checkout).prepare(kind, now)
    return now.result


def test_pins_come_first_then_our_own_distributions_without_their_dependencies(checkout, installs):
    assert prepared(checkout) == "ready"
    created, pins, own = installs
    assert created == ("created",)
    assert pins[1:3] == ("--require-hashes", "-r")
    assert pins[3].endswith("requirements/local.txt")
    assert own[1:3] == ("--no-deps", "--no-build-isolation")
    assert [part for part in own if part.startswith(str(checkout))] == [
        str(checkout / folder) for folder in DISTRIBUTIONS
    ]


def test_a_second_time_nothing_is_installed(checkout, installs):
    prepared(checkout, "dev")
    installs.append("second time")
    assert prepared(checkout, "dev") == "up to date"
    assert prepared(checkout, "local") == "up to date", "dev holds all that local needs"
    assert installs[-1] == "second time"


@pytest.mark.parametrize("changed", ["requirements/local.txt", "services/erp/pyproject.toml"])
def test_what_changed_is_installed_again(checkout, installs, changed):
    prepared(checkout)
    with (checkout / changed).open("a") as file:
        file.write("# changed\n")
    assert prepared(checkout) == "ready"
    assert len(installs) == 5


def test_a_checkout_that_was_moved_gets_a_new_environment(checkout, installs):
    prepared(checkout)
    stamp = checkout / ".venv" / environment.STAMP
    stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"root": "/elsewhere"}))
    (checkout / "requirements/local.txt").write_text("")
    prepared(checkout)
    assert installs.count(("created",)) == 2


def test_our_own_modules_are_compiled_also_where_python_writes_no_bytecode(checkout, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(Environment, "_prepare", lambda *_: None)
    source = checkout / DISTRIBUTIONS[0] / "src"
    source.mkdir()
    (source / "made.py").write_text("ANSWER = 42\n")
    Environment(checkout, Path(sys.prefix)).prepare("local", Step("Python environment"))
    assert list(source.glob("__pycache__/made.*.pyc"))


def test_without_a_network_the_message_says_what_to_do(checkout, monkeypatch):
    """A real environment and a real pip, which finds nobody to ask."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(Refusal) as refused:
        Environment(checkout).prepare("local", Step("Python environment"))
    said = str(refused.value)
    assert "needs the network once" in said
    assert "PIP_INDEX_URL" in said
    assert "pip download --require-hashes -r requirements/local.txt" in said
    assert not (checkout / ".venv" / environment.STAMP).exists()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: Could not find a version that satisfies it", "needs the network once"),
        ("ERROR: hashes do not match", "could not be installed"),
    ],
)
def test_what_pip_says_becomes_advice(checkout, said, told):
    assert told in Environment(checkout)._advice(said)


def test_a_python_without_venv_is_explained(checkout, monkeypatch):
    broken = subprocess.CompletedProcess([], 1, "", "ensurepip is not available")
    monkeypatch.setattr(environment, "_run", lambda _command: broken)
    with pytest.raises(Refusal, match=r"ensurepip is not available(.|\n)*apt-get install python3"):
        Environment(checkout)._create()


def test_a_disk_that_fills_up_while_the_environment_is_made_is_explained(checkout, monkeypatch):
    def full(self, kind, now):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Environment, "_prepare", full)
    with pytest.raises(Refusal, match=r"The disk is full: .* needs about 500 MB"):
        Environment(checkout).prepare("local", Step("Python environment"))


def test_progress_counts_packages(tmp_path):
    script = "print('Collecting one==1'); print('Collecting two==2'); print('done')"
    now = Step("Python environment")
    code, said = environment._watched([sys.executable, "-c", script], now, total=7)
    assert (code, said.splitlines()[-1]) == (0, "done")
    assert now.progress == "package 2 of 7, two==2"


def test_an_old_python_hands_over_to_a_newer_one(tmp_path, monkeypatch):
    newer = tmp_path / "python3.12"
    newer.write_text("#!/bin/sh\nexit 0\n")
    newer.chmod(newer.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    started = []
    monkeypatch.setattr(os, "execv", lambda path, arguments: started.append((path, arguments)))
    monkeypatch.setattr(sys, "argv", ["run.py", "up"])
    with pytest.raises(SystemExit):
        run.hand_over_to_newer_python()
    assert started == [(str(newer), [str(newer), "run.py", "up"])]


def test_an_old_python_alone_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer(.|\n)*apt-get install"):
        run.hand_over_to_newer_python()


@pytest.fixture
def rooms(tmp_path, monkeypatch):
    """A checkout with an environment, data and a refuge."""
    monkeypatch.setattr(main, "ROOT", tmp_path)
    monkeypatch.setenv("TANDEM_DATA", "")
    for folder in (".venv", ".ruff_cache", ".tandem", "refuge"):
        (tmp_path / folder).mkdir()
    record = json.dumps({"refuge": str(tmp_path / "refuge")})
    (tmp_path / ".tandem" / "postgres.json").write_text(record)
    return tmp_path


def test_clean_keeps_the_data_unless_asked(rooms, capsys):
    assert main.main(["clean"]) == 0
    assert not (rooms / ".venv").exists()
    assert (rooms / ".tandem").exists()
    assert "make clean ALL=1" in capsys.readouterr().out
    assert main.main(["clean", "--all"]) == 0
    assert not (rooms / ".tandem").exists()
    assert not (rooms / "refuge").exists()


def test_clean_removes_no_folder_that_is_not_ours(rooms, monkeypatch, capsys):
    strange = rooms / "photographs"
    strange.mkdir()
    monkeypatch.setenv("TANDEM_DATA", str(strange))
    assert main.main(["clean", "--all"]) == 2
    assert strange.exists()
    assert (rooms / ".venv").exists()
    assert "does not look like Tandem's data" in capsys.readouterr().err


def test_clean_removes_no_data_in_use(rooms, capsys):
    with (rooms / ".tandem" / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main.main(["clean", "--all"]) == 2
    assert (rooms / ".tandem").exists()
    assert "stop it first" in capsys.readouterr().err


def test_a_temporary_installation_leaves_no_copy_of_the_binaries(tmp_path):
    """Root's server needs one where the checkout lies in a private folder."""
    folder = tmp_path / "tandem-demo"
    copy = refuge_of((folder / "data").resolve())
    for made in (folder / "data", copy / "binaries-0"):
        made.mkdir(parents=True)
    remove_installation(folder)
    assert (folder.exists(), copy.exists()) == (False, False)


def test_make_alone_prints_every_target():
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = ("run", "test", "cover", "check", "contracts", "bench", "kafka", "demo", "rehearse")
    for target in (*targets, "clean"):
        assert f"  make {target} " in said
