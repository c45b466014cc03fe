"""What no committed file may hold: addresses of package registries, paths of one machine."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, committed_files

TEXT_LIMIT_BYTES = 5_000_000

# Written apart, so that this file does not hold what it forbids.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("npmmirror", "com"),
        ("yarnpkg", "com"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache", "org"),
        ("crates", "io"),
        ("golang", "org"),
        ("deb", "debian", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("gcr", "io"),
    )
]
LOCKS = ("requirements/*.txt", "**/package-lock.json", "**/uv.lock", "**/pylock*.toml")


def texts() -> list[tuple[Path, str]]:
    """Committed files that are text, with their content."""
    found = []
    for path in committed_files():
        content = path.read_bytes()
        if len(content) <= TEXT_LIMIT_BYTES and b"\0" not in content:
            found.append((path, content.decode("utf-8")))
    return found


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_package_registry(host):
    """Decision 0005: what is meant is said by hash; where it comes from is each site's own."""
    whole = re.compile(rf"(?<![\w.-]){re.escape(host)}(?![\w-])|[\w-]\.{re.escape(host)}(?![\w-])")
    assert [name(path) for path, text in texts() if whole.search(text)] == []


def test_no_lock_file_has_an_address():
    """Decision 0005: the same installs behind every mirror."""
    locks = [path for path, _ in texts() if any(path.match(pattern) for pattern in LOCKS)]
    assert locks
    with_address = [
        f"{name(path)}: {line.strip()}"
        for path in locks
        for line in path.read_text("utf-8").splitlines()
        if "://" in line and not line.lstrip().startswith('"url":')
    ]
    assert not with_address, "\n".join(with_address)


def test_uv_lock_is_not_committed():
    assert not (ROOT / "uv.lock").exists()


def test_no_file_names_a_folder_of_one_machine():
    """Paths are relative to the project, or under a folder that the reader chooses."""
    machine = re.compile(r"(?<![\w./])/(?:work|home/\w+|Users/\w+|root)/\w")
    assert [name(path) for path, text in texts() if machine.search(text)] == []


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
