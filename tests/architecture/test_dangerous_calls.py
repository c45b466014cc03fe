"""What lets input run, forges a secret or looks away from a certificate is not in the sources."""

import ast

import pytest

from tests.architecture.sources import ROOT, Source, sources

MODULES = {
    "ldap": "a directory is asked by nobody",
    "ldap3": "a directory is asked by nobody",
    "lxml": "XML is parsed by nobody",
    "xml": "XML is parsed by nobody",
    "defusedxml": "XML is parsed by nobody",
    "jinja2": "no page is made from a template",
    "mako": "no page is made from a template",
    "memcache": "no cache server is used",
    "smtplib": "no mail is sent",
    "imaplib": "no mail is read",
    "pickle": "it runs what it reads",
    "marshal": "it runs what it reads",
    "shelve": "it runs what it reads",
    "telnetlib": "plain text",
    "ftplib": "plain text",
    "syslog": "logs go to standard output only",
    "logging.handlers": "logs go to standard output only",
}
CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "asyncio.create_subprocess_shell",
    "hashlib.md5",
    "hashlib.sha1",
    "logging.FileHandler",
    "ssl._create_unverified_context",
}
METHODS = {"set_cookie": "no session is in a cookie", "delete_cookie": "there is none"}
KEYWORDS = {"shell": True, "verify": False, "follow_redirects": True, "check_hostname": False}
WAITING = {
    "libs/chassis/src/chassis/events/relay.py",
    "libs/chassis/src/chassis/jobs/queue.py",
    "services/sync-bridge/src/sync_bridge/lanes/leasing.py",
    "services/sync-bridge/src/sync_bridge/lanes/rules/retry.py",
    "services/sync-bridge/src/sync_bridge/sources/port.py",
}
SEARCHING = {"services/erp/src/erp/scheduling/rules/rounds.py"}
CALLING = {
    "libs/brokers/src/brokers/tokens.py",
    "libs/identity/src/identity/jwt.py",
    "services/sync-bridge/src/sync_bridge/sources/following.py",
    "services/sync-bridge/src/sync_bridge/targets.py",
}


def running() -> list[Source]:
    """What runs in production: neither tools for tests nor what the image leaves out."""
    found = [
        source
        for source in sources("libs/*/src", "services/*/src")
        if "/testing/" not in source.name and not source.name.startswith("libs/embedded/")
    ]
    assert len(found) > 300
    return found


def imported(tree: ast.Module) -> set[str]:
    """Full names of the modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def wrong(tree: ast.Module) -> list[str]:
    """Imports and calls of a file that are none of ours."""
    names = imported(tree)
    found = [one for one in MODULES if any(f"{name}.".startswith(f"{one}.") for name in names)]
    found += sorted(CALLS & names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if any(ast.unparse(one) == "usedforsecurity=False" for one in node.keywords):
                continue  # a look-up by a hash that others chose
            found += [called] if called in CALLS or called.split(".")[-1] in METHODS else []
            found += [
                f"{one.arg}={one.value.value}"
                for one in node.keywords
                if isinstance(one.value, ast.Constant)
                and one.arg in KEYWORDS
                and one.value.value is KEYWORDS[one.arg]
            ]
    return found


def test_nothing_dangerous_is_imported_or_called():
    assert {source.name: found for source in running() if (found := wrong(source.tree))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from xml.etree import ElementTree",
        "from hashlib import md5",
        "eval(x)",
        "subprocess.run(x, shell=True)",
        "httpx.AsyncClient(verify=False)",
        "reply.set_cookie('a')",
    ],
)
def test_what_is_dangerous_is_recognised(text):
    assert len(wrong(ast.parse(text))) == 1


def test_chance_without_secrecy_only_spreads_waiting():
    """Whatever must not be guessed comes from `secrets`. A search goes where its seed leads."""
    chances = {one.name for one in running() if "random" in imported(one.tree)}
    assert chances == WAITING | SEARCHING


def test_only_these_call_other_servers_over_http():
    """The issuer's keys and the two halves, at addresses of the settings."""
    served = [one for one in running() if not one.name.startswith("libs/importer/")]
    assert {one.name for one in served if "httpx.AsyncClient(" in one.text} == CALLING


def test_the_image_is_given_named_folders_only():
    """No history of the sources, no secrets and no tests of the checkout are copied as a whole."""
    recipe = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    copied = [line.split()[1] for line in recipe.splitlines() if line.startswith("COPY ")]
    assert copied
    allowed = {"requirements/runtime.txt", "services/${SERVICE}", "--from=build"}
    assert all(one in allowed or one.startswith("libs/") for one in copied)
