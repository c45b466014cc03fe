"""Services as children of the runner: their lines, their crashes, their end."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from chassis.testing.waiting import until
from runner import children
from runner.children import Child
from runner.plan import ALL
from runner.telling import Refusal

ERP = ALL[0]
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
while True:
    time.sleep(60)
"""

TINY = """
import os, sys
if __name__ == "__main__":
    print(sys.argv[1], os.getpid(), flush=True)
    raise SystemExit({"migrate": 0, "fail": 1, "serve": 2}[sys.argv[1]])
"""


def child_of(script):
    return Child(ERP, [sys.executable, "-c", script], {})


@pytest.fixture
def hasty(monkeypatch):
    """No waiting between two starts."""
    monkeypatch.setattr(children, "BACKOFF_SECONDS", (0.0, 0.0, 0.0))


@pytest.fixture
def tiny(tmp_path):
    """A service of a few lines, run as services are."""
    (tmp_path / "tiny.py").write_text(TINY, encoding="utf-8")
    wrapper = Path(children.__file__).with_name("child.py")
    command = [sys.executable, str(wrapper), "tiny", "serve"]
    return Child(ERP, command, {"PYTHONPATH": str(tmp_path), "PYTHONUNBUFFERED": "1"})


async def test_it_migrates_and_serves_in_one_process(tiny, hasty, capsys):
    said = await tiny.do_first("migrate")
    assert said == f"erp: migrate {tiny.pid}"
    with pytest.raises(Refusal):
        await tiny.run()
    assert capsys.readouterr().out.splitlines() == [f"erp    | serve {said.split()[-1]}"]


async def test_what_fails_before_it_serves_is_quoted(tiny):
    with pytest.raises(Refusal, match=r"`erp fail now` failed:\nfail \d+$"):
        await tiny.do_first("fail", "now")
    await tiny.stop()
    assert tiny.pid is None


async def test_a_command_that_ends_the_process_has_failed():
    gone = child_of("print('no such module')")
    with pytest.raises(Refusal, match=r"`erp migrate` failed:\nno such module"):
        await gone.do_first("migrate")


async def test_a_full_disk_is_told_with_what_to_do():
    gone = child_of("print('could not write: No space left on device')")
    with pytest.raises(Refusal, match="The disk is full: free some space, then try again"):
        await gone.do_first("migrate")


async def test_it_ends_with_the_runner(tiny):
    await tiny.do_first("migrate")
    tiny._process.stdin.close()
    async with asyncio.timeout(30):
        assert await tiny._process.wait() == -signal.SIGTERM


async def test_lines_are_printed_with_the_name_of_the_service(hasty, capsys):
    child = child_of("print('first'); print('second'); raise SystemExit(2)")
    with pytest.raises(Refusal):
        await child.run()
    assert capsys.readouterr().out.splitlines() == ["erp    | first", "erp    | second"]


async def test_colours_stay_out_of_a_file(hasty, capsys):
    child = child_of("print('\\x1b[32mgreen\\x1b[0m'); raise SystemExit(2)")
    with pytest.raises(Refusal):
        await child.run()
    assert capsys.readouterr().out == "erp    | green\n"


async def test_a_service_that_crashes_again_and_again_is_given_up_with_its_last_lines(
    hasty, capsys
):
    with pytest.raises(Refusal) as given_up:
        await child_of("print('no such table'); raise SystemExit(1)").run()
    assert "The ERP ended with exit code 1 for the 4th time" in str(given_up.value)
    assert "    no such table" in str(given_up.value)
    assert capsys.readouterr().out.count("it is started again") == 3


async def test_a_service_that_cannot_be_tried_is_not_tried_again(hasty, capsys):
    with pytest.raises(Refusal, match=r"ended with exit code 2\. Its last lines"):
        await child_of("raise SystemExit(2)").run()
    assert "started again" not in capsys.readouterr().out


async def test_a_line_longer_than_the_limit_does_no_harm(hasty, monkeypatch, capsys):
    monkeypatch.setattr(children, "LINE_BYTES_MAX", 1000)
    child = child_of("print('x' * 5000); print('after'); raise SystemExit(2)")
    with pytest.raises(Refusal):
        await child.run()
    assert "erp    | after" in capsys.readouterr().out


async def test_stopping_ends_it_and_it_is_not_started_again(hasty):
    child = child_of("import time; print('up', flush=True); time.sleep(600)")
    running = asyncio.create_task(child.run())
    await until(lambda: "up" in child.tail)
    assert child.pid
    await child.stop()
    await running
    assert child.pid is None


async def test_who_does_not_stop_is_killed(hasty, monkeypatch, capsys):
    monkeypatch.setattr(children, "STOP_SECONDS", 0.2)
    child = child_of(STUBBORN)
    running = asyncio.create_task(child.run())
    await until(lambda: "up" in child.tail)
    await child.stop()
    await running
    assert "was killed" in capsys.readouterr().out
    assert child._process.returncode == -signal.SIGKILL


async def test_a_service_asked_to_stop_while_it_is_born_does_not_live_on(hasty):
    child = child_of("import time; time.sleep(600)")
    running = asyncio.create_task(child.run())
    await asyncio.sleep(0)
    await child.stop()
    async with asyncio.timeout(30):
        await running
    assert child.pid is None
