"""Commands that look at an installation or change who may enter."""

import asyncio
import json
import os
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from chassis.storage.connections import driver_url
from chassis.worker import running
from identity.keys import new_secret


@pytest.fixture
def login():
    return f"ann.{uuid4().hex[:8]}"


def test_a_user_is_added_listed_locked_out_and_let_in(run, login, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("a long first password\n", encoding="utf-8")
    added = run("users", "add", login, "--role", "writer", "--password-file", secret, "--json")
    assert added.document["roles"] == ["writer"]
    assert "password" not in added.document
    assert login in run("users", "list").stdout
    assert run("users", "disable", login, "--json").document["active"] is False
    assert run("users", "enable", login, "--json").document["active"] is True
    changed = run("users", "passwd", login, "--generate", "--json")
    assert len(changed.document["password"]) >= 20
    asked = run("users", "passwd", login, input="another long one\nanother long one\n")
    assert asked.exit_code == 0, asked.output


def test_where_people_are_invited_the_command_line_chooses_no_password(run, login, monkeypatch):
    """ASVS 6.4.1: `users add` and `users invite` print a token; a former one ends."""
    added = run("users", "add", login, "--role", "writer", "--invite", "--json")
    assert added.document["invitation"]["token"].startswith("tdi_"), added.output
    assert "password" not in added.document
    monkeypatch.setenv("SAMPLE_PASSWORDS_BY_INVITATION", "true")
    for words in (("add", f"{login}.b", "--role", "writer"), ("passwd", login)):
        refused = run("users", *words, "--generate")
        assert (refused.exit_code, "invite" in refused.stderr) == (1, True), refused.output
    assert run("users", "passwd", login).exit_code == 1
    other = run("users", "add", f"{login}.c", "--role", "writer")
    assert "token: tdi_" in other.stdout
    invited = run("users", "invite", login, "--json").document
    assert invited["token"] != added.document["invitation"]["token"]
    assert invited["address"].endswith("/v1/password-invitations/accept")


def test_a_refusal_has_exit_code_1_and_says_why(run, login):
    refused = run("users", "add", login, "--role", "nobody", "--generate")
    assert refused.exit_code == 1
    assert "/roles/0: There is no such role here." in refused.stderr
    assert run("users", "disable", login).exit_code == 1
    assert run("users", "add", login, "--role", "writer", "--generate").exit_code == 0
    lost = run("users", "reset-factor", login)
    assert (lost.exit_code, "second factor" in lost.stderr) == (1, True)


def test_wrong_arguments_have_exit_code_2(run):
    assert run("users", "add").exit_code == 2
    for given in (["--generate"], ["--password-file", __file__]):
        both = run("users", "add", "mia", "--role", "writer", "--invite", *given)
        assert (both.exit_code, "--invite gives no password" in both.output) == (2, True)
    assert run("keys", "revoke", "no-id").exit_code == 2
    assert run("nonsense").exit_code == 2


def test_a_key_is_shown_once_listed_without_secret_and_revoked(run):
    made = run("keys", "create", "shop", "--scope", "notes.read", "--expires-in-days", 3, "--json")
    key = made.document
    assert key["secret"].startswith(f"tdm_sample_{key['prefix']}_")
    listed = run("keys", "list", "--json")
    assert key["id"] in [one["id"] for one in listed.document]
    assert key["secret"] not in listed.stdout
    new = run("keys", "rotate", key["id"], "--former-valid-hours", 2, "--json").document
    assert (new["id"], new["prefix"] == key["prefix"]) == (key["id"], False)
    assert new["former_expires_at"]
    assert run("keys", "rotate", key["id"], "--former-valid-hours", 169).exit_code == 2
    key = new
    revoked = run("keys", "revoke", key["id"])
    assert revoked.stdout == f"revoked shop ({key['prefix']})\n"
    plain = run("keys", "create", "till", "--scope", "notes.read")
    assert plain.stdout.startswith("tdm_sample_")


def test_settings_are_shown_without_secrets(run, installed):
    shown = run("settings", "--json")
    by_name = {one["variable"]: one for one in shown.document}
    assert by_name["SAMPLE_DATABASE_URL"] | {"description": ""} == {
        "variable": "SAMPLE_DATABASE_URL",
        "value": "***",
        "source": "set",
        "description": "",
    }
    assert by_name["SAMPLE_ZONE"]["source"] == "default"
    assert by_name["TANDEM_ENV"]["value"] == "development"
    assert all(one["description"] for one in shown.document)
    for url in installed.variables.values():
        assert url not in shown.stdout
    assert "SAMPLE_ZONE" in run("settings").stdout


def test_a_wrong_setting_is_told_without_a_traceback(run, monkeypatch):
    monkeypatch.setenv("SAMPLE_ZONE", "Middle/Earth")
    refused = run("doctor")
    assert refused.exit_code == 2
    assert "zone: 'Middle/Earth' is no IANA time zone" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("SAMPLE_DATABSE_URL", "did you mean SAMPLE_DATABASE_URL?"),
        ("SAMPLE_ZONE_FIL", "did you mean SAMPLE_ZONE_FILE?"),
        ("TANDEM_ENVIRONMENT", "did you mean TANDEM_ENV?"),
        ("SAMPLE_QQQ", "SAMPLE_QQQ is set and is no setting"),
    ],
)
def test_a_mistyped_setting_refuses_the_start(run, monkeypatch, variable, said):
    monkeypatch.setenv(variable, "x")
    refused = run("doctor")
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    "variable",
    [
        "OTHER_DATABSE_URL",
        "SAMPLE_SERVICE_HOST",
        "SAMPLE_SERVICE_PORT_HTTP",
        "SAMPLE_PORT_8000_TCP_ADDR",
        "TANDEM_TEST_SOMETHING",
    ],
)
def test_variables_of_others_are_none_of_ours(run, monkeypatch, variable):
    monkeypatch.setenv(variable, "x")
    assert run("settings").exit_code == 0


def test_the_api_document_is_printed(run):
    document = json.loads(run("openapi").stdout)
    assert document["openapi"].startswith("3.1")
    assert "/v1/notes" in document["paths"]
    assert "/v1/api-keys" in document["paths"]


def test_doctor_finds_a_sound_installation_sound(run):
    found = run("doctor", "--json")
    assert found.exit_code == 0, found.output
    assert {one["check"] for one in found.document} == {
        "database",
        "schema",
        "rights",
        "search",
        "clock",
        "disk",
        "jobs",
        "production",
        "systems",
        "audit",
        "key_ages",
        "issuer_keys",
        "breached_passwords",
        "second_factors",
        "second_factor_keys",
    }
    assert all(one["ok"] for one in found.document)


def test_doctor_tells_what_is_bad_and_what_to_do(run, installed, monkeypatch):
    monkeypatch.setenv("SAMPLE_DATABASE_URL", installed.urls.owner)
    found = run("doctor")
    assert found.exit_code == 1
    assert "BAD rights: the runtime role owns" in found.stdout


async def test_doctor_reports_rights_that_are_not_declared(run, installed):
    role = make_url(installed.urls.runtime).username
    sql = await asyncpg.connect(driver_url(installed.urls.owner))
    await sql.execute(f"grant delete on api_key to {role}")
    found = await asyncio.to_thread(run, "doctor")
    await sql.execute(f"revoke delete on api_key from {role}")
    await sql.close()
    assert found.exit_code == 1
    assert "BAD rights: 1 are not as declared: may delete api_key" in found.stdout


def test_a_key_is_bound_by_command_and_doctor_tells_it(run):
    made = run("keys", "create", "carrier", "--scope", "notes.read", "--system", "twin", "--json")
    key = made.document
    assert key["systems"] == ["twin"]
    assert f"carrier ({key['prefix']}) for twin" in run("doctor").stdout
    assert run("keys", "bind", key["id"], "--json").document["systems"] == []
    assert "no key speaks for twin" in run("doctor").stdout
    assert run("keys", "bind", key["id"], "--system", "shop").exit_code != 0


async def test_doctor_tells_of_dead_jobs(run, installed):
    sql = await asyncpg.connect(driver_url(installed.urls.owner))
    await sql.execute(
        """insert into job (id, kind, payload, run_at, state, finished_at)
        values ($1, 'x', '{}', now(), 'dead', now())""",
        uuid4(),
    )
    # The command has an event loop of its own, which needs a thread without one.
    found = await asyncio.to_thread(run, "doctor")
    await sql.execute("delete from job")
    await sql.close()
    assert found.exit_code == 1
    assert "BAD jobs: 1 are dead" in found.stdout


def test_doctor_asks_the_broker_only_where_one_is_configured(run, monkeypatch):
    """B62: without brokers no Kafka client is used."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    found = run("doctor", "--json")
    broker = next(one for one in found.document if one["check"] == "broker")
    assert broker["ok"] is False
    assert "127.0.0.1:1 does not answer" in broker["detail"]


@pytest.mark.parametrize("command", [["doctor"], ["users", "list"], ["serve", "--port", "0"]])
def test_a_database_that_does_not_answer_is_told(run, monkeypatch, command):
    monkeypatch.setenv("SAMPLE_DATABASE_URL", "postgresql://x:hunter2@127.0.0.1:1/none")
    told = run(*command)
    assert told.exit_code in {1, 2}
    assert "hunter2" not in told.output
    assert "Connect" in told.output or "refused" in told.output


class TestMigrating:
    """From an empty database to one that serves."""

    @pytest.fixture
    def empty(self, cluster, monkeypatch, run):  # noqa: ARG002 - its variables come first
        urls = cluster.empty("sample", f"empty_{uuid4().hex[:8]}")
        monkeypatch.setenv("SAMPLE_DATABASE_URL", urls.runtime)
        monkeypatch.setenv("SAMPLE_MIGRATION_DATABASE_URL", urls.owner)
        return urls

    @pytest.mark.usefixtures("empty")
    def test_serve_never_migrates_but_says_what_to_run(self, run):
        refused = run("serve", "--port", "0")
        assert refused.exit_code == 2
        assert "the database schema is at none" in refused.stderr
        assert "run: sample migrate" in refused.stderr
        assert "run: sample migrate" in run("users", "list").stderr
        assert "BAD schema: at none" in run("doctor").stdout

    @pytest.mark.usefixtures("empty")
    def test_migrate_makes_tables_rights_and_first_keys_and_is_repeatable(
        self, run, tmp_path, monkeypatch
    ):
        path = tmp_path / "keys.json"
        key = {"name": "first", "secret": new_secret("sample"), "scopes": ["admin"]}
        path.write_text(json.dumps({"keys": [key]}))
        monkeypatch.setenv("SAMPLE_BOOTSTRAP_KEY_FILE", str(path))
        made = run("migrate", "--json")
        assert made.exit_code == 0, made.output
        assert made.document["keys_made"] == 1
        assert run("migrate", "--json").document["keys_made"] == 0
        assert run("doctor").exit_code == 0
        assert "first" in run("keys", "list").stdout

    @pytest.mark.usefixtures("empty")
    def test_migrating_needs_the_owners_url(self, run, monkeypatch):
        monkeypatch.delenv("SAMPLE_MIGRATION_DATABASE_URL")
        refused = run("migrate")
        assert refused.exit_code == 2
        assert "SAMPLE_MIGRATION_DATABASE_URL is not set" in refused.stderr


def test_production_refuses_a_role_that_could_remove_guards(run, installed, monkeypatch):
    monkeypatch.setenv("TANDEM_ENV", "production")
    monkeypatch.setenv("SAMPLE_DATABASE_URL", installed.urls.owner)
    refused = run("serve", "--port", "0")
    assert refused.exit_code == 2
    assert "owns tables" in refused.stderr


def test_production_refuses_the_embedded_database(run, monkeypatch):
    monkeypatch.setenv("TANDEM_ENV", "production")
    monkeypatch.delenv("SAMPLE_DATABASE_URL")
    refused = run("serve")
    assert refused.exit_code == 2
    assert "SAMPLE_DATABASE_URL is not set" in refused.stderr
    assert os.environ["TANDEM_ENV"] == "production"


def test_without_a_database_url_the_embedded_server_of_the_data_folder_is_used(
    run, monkeypatch, open_folder
):
    """One machine needs no server: state survives, since each command joins the same folder."""
    monkeypatch.delenv("SAMPLE_DATABASE_URL")
    monkeypatch.delenv("SAMPLE_MIGRATION_DATABASE_URL")
    monkeypatch.setenv("TANDEM_DATA", str(open_folder / "data"))
    assert run("migrate").exit_code == 0
    made = run("keys", "create", "kept", "--scope", "notes.read")
    assert made.exit_code == 0, made.output
    assert "kept" in run("keys", "list").stdout
    assert "embedded" in run("doctor").stdout


def test_a_database_that_does_not_answer_is_worth_another_try(run, monkeypatch, tmp_path):
    """Exit code 1, not 2: whoever runs the service starts it again."""
    monkeypatch.setenv("SAMPLE_DATABASE_URL", f"postgresql://sample:x@/sample?host={tmp_path}")
    silent = run("keys", "list")
    assert silent.exit_code == 1
    assert "the database does not answer" in silent.stderr


async def test_a_part_that_begins_while_the_database_is_away_waits_for_it(monkeypatch):
    monkeypatch.setattr(running, "AGAIN_SECONDS", 0)
    tries = []

    async def follow(context):
        tries.append(context)
        if len(tries) < 3:
            raise asyncpg.CannotConnectNowError

    await running._forever(follow, "here")
    assert tries == ["here"] * 3


def test_readers_of_the_feed_are_listed_and_dropped(run, installed):
    """A reader that is gone pins the outbox: how far behind and since when is shown."""

    async def read(name):
        sql = await asyncpg.connect(driver_url(installed.urls.owner))
        try:
            await sql.execute(
                """insert into feed_consumer (name, feed_seq, seen_at)
                values ($1, 0, now() - interval '3 days')""",
                name,
            )
        finally:
            await sql.close()

    name = f"shop.{uuid4().hex[:8]}"
    asyncio.run(read(name))
    (reader,) = [one for one in run("consumers", "list", "--json").document if one["name"] == name]
    assert (reader["sequence"], reader["behind"] is not None) == (0, True)
    assert 3 * 86_400 <= reader["age_seconds"] < 4 * 86_400
    assert name in run("consumers", "list").stdout
    assert run("consumers", "drop", name, "--json").document == {"dropped": name}
    assert name not in run("consumers", "list").stdout
    again = run("consumers", "drop", name)
    assert (again.exit_code, name in again.stderr) == (1, True)


@pytest.mark.parametrize("words", [("users", "list"), ("doctor",), ("keys", "list")])
def test_a_command_outside_an_installation_begins_none(run, monkeypatch, tmp_path, words):
    """It made a cluster in whatever folder it was called, and found that one empty."""
    monkeypatch.delenv("SAMPLE_DATABASE_URL")
    monkeypatch.setenv("TANDEM_DATA", str(tmp_path / "data"))
    refused = run(*words)
    assert refused.exit_code == 2
    for missing in ("SAMPLE_DATABASE_URL is not set", str(tmp_path / "data"), "sample migrate"):
        assert missing in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("migrate",), ("serve",), ("worker",), ("users", "list")])
def test_without_a_url_nothing_begins_where_only_a_server_will_do(
    run, monkeypatch, tmp_path, words
):
    """Decision 0069: as in the image, which has no embedded database."""
    monkeypatch.setattr("chassis.cli.installation.DATABASES", "tandem.no-databases")
    monkeypatch.delenv("SAMPLE_DATABASE_URL")
    monkeypatch.setenv("TANDEM_DATA", str(tmp_path / "data"))
    refused = run(*words)
    assert refused.exit_code == 2
    assert refused.stderr == (
        "error: SAMPLE_DATABASE_URL is not set: give the URL of the runtime role\n"
    )
    assert list(tmp_path.iterdir()) == []
