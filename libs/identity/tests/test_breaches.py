"""Passwords known from breaches become nobody's here; the list is a file on this machine."""

import ast
import hashlib
import json
from pathlib import Path
from uuid import uuid4

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from chassis.problems.standard import InvalidInput
from chassis.service import ServiceContext, Unsound
from identity import breaches, passwords
from identity.bootstrap import make_first_callers
from identity.breaches import BreachListUnreadable, breach_list, check_breaches, sampled
from identity.testing.service import running

PASSWORD = "correct horse battery"
BREACHED = "stable staple of oats"
SOURCES = Path(passwords.__file__).parents[4]


def hashed(text):
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().upper()


def write(path, texts, *, end="\r\n", last_end=True):
    """A list as they come: ascending, with how often each was seen."""
    lines = [f"{one}:{place % 90_000 + 1}" for place, one in enumerate(sorted(map(hashed, texts)))]
    content = end.join(lines) + (end if last_end else "")
    path.write_bytes(content.encode())
    return path


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Passwords that cost little."""
    cheaply = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
    monkeypatch.setattr(passwords, "_HASHER", cheaply)
    monkeypatch.setattr(passwords, "_NOBODY", cheaply.hash("a password that nobody knows"))


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("number", [1, 2, 3, 1000, 30_000])
def test_each_password_of_the_list_is_found_and_no_other(tmp_path, number, end):
    """ASVS 6.2.12: the first, the last and those between, whatever the number of lines."""
    texts = [f"password {place}" for place in range(number)]
    listed = write(tmp_path / "list.txt", texts, end=end, last_end=number % 2 == 0)
    assert sampled(listed).wrong_at is None
    for text in [*texts[:: max(1, number // 300)], texts[-1], min(texts, key=hashed)]:
        with pytest.raises(InvalidInput) as refused:
            check_breaches(text, listed)
        assert refused.value.errors[0].code == "password_breached"
    for place in range(300):
        check_breaches(f"another {place}", listed)


@pytest.mark.parametrize("blank", ["\n", "\r\n\r\n\n"])
def test_blank_lines_at_the_end_are_no_lines(tmp_path, blank):
    listed = write(tmp_path / "list.txt", [f"password {place}" for place in range(9)])
    listed.write_bytes(listed.read_bytes() + blank.encode())
    assert sampled(listed).wrong_at is None
    for place in range(300):
        check_breaches(f"another {place}", listed)
    with pytest.raises(InvalidInput):
        check_breaches(max((f"password {place}" for place in range(9)), key=hashed), listed)


def test_a_list_in_small_letters_serves_as_well(tmp_path):
    listed = write(tmp_path / "list.txt", [BREACHED])
    listed.write_bytes(listed.read_bytes().lower())
    with pytest.raises(InvalidInput):
        check_breaches(BREACHED, listed)


def test_of_a_long_list_little_is_read(tmp_path, monkeypatch):
    """A line for each halving of the file, and no more."""
    read = []
    line_at = breaches._line_at

    def counted(lines, start):
        read.append(start)
        return line_at(lines, start)

    monkeypatch.setattr(breaches, "_line_at", counted)
    check_breaches("another", write(tmp_path / "list.txt", [str(one) for one in range(50_000)]))
    assert len(read) <= 25


@pytest.fixture
async def house(sample_module, cluster, tmp_path):
    """The sample service with a list."""
    listed = write(tmp_path / "list.txt", [BREACHED, *(f"other {one}" for one in range(50))])
    given = {"breached_passwords_file": listed}
    async with running(sample_module.SERVICE, cluster, **given) as service:
        yield service


async def start_with(house, path, password):
    """Make a first user with that password, and log in."""
    login = f"mia.{uuid4().hex[:8]}"
    user = {"login": login, "name": "Mia", "password": password, "roles": []}
    path.write_text(json.dumps({"users": [user]}), encoding="utf-8")
    settings = house.settings.model_copy(update={"bootstrap_key_file": path})
    await make_first_callers(ServiceContext(house.service, settings, house.database))
    begun = await house.client.post("/v1/sessions", json={"login": login, "password": password})
    return house.with_key(begun.json()["token"])


async def test_none_of_the_list_becomes_a_password(house, tmp_path):
    """ASVS 6.2.12: neither a first one nor one's own; the refusal says why in both languages."""
    with pytest.raises(ValueError, match="breach"):
        await start_with(house, tmp_path / "first.json", BREACHED)
    mia = await start_with(house, tmp_path / "first.json", PASSWORD)
    wanted = {"present_password": PASSWORD, "password": BREACHED}
    said = {}
    for language in ("en", "zh-CN"):
        headers = {"Accept-Language": language}
        refused = await mia.put("/v1/me/password", json=wanted, headers=headers)
        assert refused.status_code == 422, refused.text
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/password", "password_breached")
        said[language] = error["message"]
    assert "breach" in said["en"]
    assert "泄露" in said["zh-CN"]
    house.settings.breached_passwords_file.unlink()
    wanted["password"] = "another long password"
    refused = await mia.put("/v1/me/password", json=wanted)
    assert (refused.status_code, refused.json()["code"]) == (503, "breach_list_unreadable")
    assert (await mia.put("/v1/me/second-factor", json={"present_password": PASSWORD})).is_success


async def test_doctor_says_whether_there_is_a_list_in_order(house, sample):
    async def said(service):
        return await breach_list(ServiceContext(service.service, service.settings, None))

    listed = house.settings.breached_passwords_file
    assert "in order" in await said(house)
    assert "unset" in await said(sample)
    lines = listed.read_bytes().splitlines(keepends=True)
    for wrong in ([*lines[1:], lines[0]], [*lines, b"a word\n"], [lines[0], *lines], []):
        listed.write_bytes(b"".join(wrong))
        with pytest.raises(Unsound):
            await said(house)
    listed.unlink()
    with pytest.raises(Unsound, match="cannot be read"):
        await said(house)


def test_what_is_no_list_lets_no_password_through(tmp_path):
    path = tmp_path / "list.txt"
    for content in (b"", b"hello\n", b"\n\n\n", b"\x00" * 5000):
        path.write_bytes(content)
        with pytest.raises(BreachListUnreadable):
            check_breaches(PASSWORD, path)


def test_wherever_a_password_is_set_the_list_is_asked():
    """Every call outside of tests names the list."""
    calls = 0
    for path in [*SOURCES.glob("libs/*/src/**/*.py"), *SOURCES.glob("services/*/src/**/*.py")]:
        text = path.read_text("utf-8")
        if "hash_password(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "hash_password":
                assert "breached" in {one.arg for one in node.keywords}, (path, node.lineno)
                calls += 1
    assert calls >= 4
