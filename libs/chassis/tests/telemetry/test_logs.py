"""Log lines: one JSON object each, with ids and without secrets."""

import io
import json
import logging
import re
from datetime import datetime, timedelta

import pytest
import structlog

from chassis.telemetry.logs import SECRET_FIELDS, blacked_out, configure_logs, get_logger

KEY = "tdm_erp_1a2b3c4d_" + "e" * 64


class Lines:
    """What was written, as bytes, in the order of writing."""

    def __init__(self):
        self.bytes = io.BytesIO()
        self.out = io.TextIOWrapper(self.bytes, encoding="utf-8", write_through=True)

    def __call__(self):
        return [json.loads(line) for line in self.bytes.getvalue().splitlines()]


@pytest.fixture
def lines():
    written = Lines()
    configure_logs("json", service="erp", out=written.out)
    yield written
    structlog.reset_defaults()
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)


def test_a_line_says_what_when_and_where(lines):
    get_logger("erp.stock").info("moved", request_id="r1", quantity=3)
    (line,) = lines()
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "moved",
        "level": "info",
        "part": "erp.stock",
        "service": "erp",
        "request_id": "r1",
        "quantity": 3,
    }


def test_a_line_of_a_library_says_when_as_well(lines):
    get_logger("erp").warning("ours")
    logging.getLogger("library").warning("theirs")
    ours, theirs = lines()
    when = [datetime.fromisoformat(line["at"]) for line in (ours, theirs)]
    assert theirs["at"].endswith("Z")
    assert timedelta(0) <= when[1] - when[0] < timedelta(minutes=1)


def test_lines_below_the_level_are_left_out():
    written = Lines()
    configure_logs("json", service="erp", level="warning", out=written.out)
    get_logger("erp").info("request")
    logging.getLogger("uvicorn.error").info("started")
    get_logger("erp").warning("ours")
    logging.getLogger("uvicorn.error").warning("theirs")
    structlog.reset_defaults()
    assert [line["event"] for line in written()] == ["ours", "theirs"]


def test_debug_lines_are_left_out(lines):
    get_logger("erp").debug("detail")
    assert lines() == []


@pytest.mark.parametrize("name", sorted(SECRET_FIELDS))
def test_a_field_with_a_secrets_name_is_blacked_out(name, lines):
    get_logger("erp").info("x", **{name: "hunter2", "deep": [{name.upper(): "hunter2"}]})
    (line,) = lines()
    assert "hunter2" not in json.dumps(line)
    assert line[name] == "***"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"key {KEY} refused", "e" * 16),
        ("tds_crm_" + "a1" * 32, "a1" * 16),
        ("Authorization: Bearer abcdefgh.ijkl", "abcdefgh"),
        ("cannot reach postgresql://erp:hunter2@db:5432/erp", "hunter2"),
    ],
)
def test_what_looks_like_a_credential_is_blacked_out_in_any_text(text, secret, lines):
    get_logger("erp").info("x", detail=text)
    logging.getLogger("library").warning(text)
    ours, theirs = lines()
    assert secret not in ours["detail"]
    assert secret not in theirs["event"]
    assert "***" in ours["detail"]


def test_an_exception_is_told_without_the_password_in_it(lines):
    try:
        raise ValueError("postgresql://erp:hunter2@db/erp")  # noqa: TRY301 - the point
    except ValueError as raised:
        get_logger("erp").error("failed", exc_info=raised)
        logging.getLogger("library").exception("failed")
    for line in lines():
        assert "ValueError" in line["exception"]
        assert "hunter2" not in line["exception"]


def test_the_prefix_of_a_key_stays_so_that_it_can_be_found(lines):
    get_logger("erp").info("x", detail=KEY)
    assert lines()[0]["detail"] == "tdm_erp_1a2b3c4d_***"


def test_people_get_lines_to_read():
    written = Lines()
    configure_logs("console", service="erp", out=written.out)
    get_logger("erp").info("moved", password="hunter2")
    logging.getLogger("library").warning("hello")
    structlog.reset_defaults()
    out = written.bytes.getvalue().decode()
    assert "moved" in out
    assert "hunter2" not in out
    assert "library: hello" in out


FORGED = "ann\n2030-01-01 [info] logged in \x1b[2Jadmin\u2028\x9b1A"


@pytest.mark.parametrize("form", ["json", "console"])
def test_nobody_forges_a_line_or_moves_a_terminal(form):
    """ASVS 16.4.1: what a caller wrote stays on the line that tells of it, and is escaped."""
    written = Lines()
    configure_logs(form, service="erp", out=written.out)
    get_logger("erp").info("refused", login=FORGED, path=[FORGED])
    logging.getLogger("library").warning("refused %s", FORGED)
    structlog.reset_defaults()
    out = written.bytes.getvalue().decode()
    # The renderer of lines for people colours them; the colours are its own.
    out = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert out.count("\n") == 2
    assert not set(out) & set("\x1b\x9b\u2028\r") if form == "console" else "\x1b" not in out


def test_other_fields_pass_untouched():
    event = {"event": "x", "tokens": 3, "deep": {"a": [1, {"b": 2}]}}
    assert blacked_out(None, "info", dict(event)) == event
