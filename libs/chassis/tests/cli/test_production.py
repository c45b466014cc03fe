"""Production refuses what would let others read or change what services say, and tells why."""

from base64 import b64encode

import pytest

DATABASE = "postgresql://sample:secret@db.example.com/sample"
VERIFIED = f"{DATABASE}?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem"
REFUSED = [
    ({"SAMPLE_JWT_ISSUER": "http://id.example.com"}, "SAMPLE_JWT_ISSUER is http://id.example.com"),
    ({"SAMPLE_JWKS_URL": "http://id.example.com/keys"}, "SAMPLE_JWKS_URL is http://id.example.com"),
    ({"SAMPLE_DATABASE_URL": DATABASE}, "SAMPLE_DATABASE_URL reaches its server without verified"),
    (
        {"SAMPLE_DATABASE_URL": f"{DATABASE}?sslmode=require"},
        "SAMPLE_DATABASE_URL reaches its server without verified TLS",
    ),
    (
        {"SAMPLE_DATABASE_URL": f"{DATABASE}?ssl=verify-ca", "PGSSLMODE": "verify-full"},
        "SAMPLE_DATABASE_URL reaches its server without verified TLS",
    ),
    (
        {"SAMPLE_DATABASE_URL": "postgresql://sample@/sample", "PGHOST": "db.example.com"},
        "SAMPLE_DATABASE_URL reaches its server without verified TLS",
    ),
    (
        {"SAMPLE_MIGRATION_DATABASE_URL": DATABASE},
        "SAMPLE_MIGRATION_DATABASE_URL reaches its server without verified TLS",
    ),
    ({"SAMPLE_DATABASE_URL": "db.example.com"}, "SAMPLE_DATABASE_URL is no URL such as"),
    (
        {"SAMPLE_JWT_ISSUER": "http://id.example.com", "TANDEM_PRIVATE_NETWORK": "true"},
        "SAMPLE_JWT_ISSUER is http://id.example.com",
    ),
]
TAKEN = [
    {"SAMPLE_JWT_ISSUER": "https://id.example.com", "SAMPLE_JWKS_URL": "HTTPS://id.example.com/k"},
    {"SAMPLE_DATABASE_URL": VERIFIED, "SAMPLE_MIGRATION_DATABASE_URL": VERIFIED},
    {"SAMPLE_DATABASE_URL": f"{DATABASE}?ssl=verify-full"},
    {"SAMPLE_DATABASE_URL": DATABASE, "PGSSLMODE": "verify-full"},
    {"SAMPLE_DATABASE_URL": DATABASE, "TANDEM_PRIVATE_NETWORK": "true"},
]
"""The URL of the tests themselves names a Unix socket, which needs no TLS."""


@pytest.fixture
def production(run, monkeypatch):
    """Commands of the sample in production, with variables of the environment."""
    monkeypatch.setenv("TANDEM_ENV", "production")
    monkeypatch.setenv("SAMPLE_SECOND_FACTOR_KEYS", b64encode(bytes(32)).decode())

    def given(variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return run

    return given


@pytest.mark.parametrize("command", ["serve", "doctor", "migrate"])
@pytest.mark.parametrize(("variables", "told"), REFUSED)
def test_what_is_not_safe_is_refused_at_start(production, command, variables, told):
    refused = production(variables)(command)
    assert refused.exit_code == 2
    assert told in refused.stderr


@pytest.mark.parametrize("variables", TAKEN)
def test_what_is_safe_is_taken(production, sample_module, variables):
    production(variables)
    assert sample_module.SERVICE.settings().unsafe() == []


@pytest.mark.parametrize("variable", ["SAMPLE_DATABASE_URL_FILE", "SAMPLE_BOOTSTRAP_KEY_FILE"])
def test_files_that_everybody_can_read_are_refused(
    production, installed, monkeypatch, tmp_path, variable
):
    path = tmp_path / "secret"
    path.write_text(installed.urls.runtime)
    path.chmod(0o644)
    run = production({variable: str(path)})
    if variable == "SAMPLE_DATABASE_URL_FILE":
        monkeypatch.delenv("SAMPLE_DATABASE_URL")
    refused = run("doctor")
    assert refused.exit_code == 2
    assert f"{variable}: everybody can read {path}; chmod 640" in refused.stderr
    path.chmod(0o640)
    assert run("doctor").exit_code == 0


def test_all_that_is_wrong_is_named_at_once(production):
    refused = production(
        {"SAMPLE_JWT_ISSUER": "http://id.example.com", "SAMPLE_DATABASE_URL": DATABASE}
    )("doctor")
    assert "SAMPLE_JWT_ISSUER" in refused.stderr
    assert "SAMPLE_DATABASE_URL reaches" in refused.stderr


def test_doctor_tells_beforehand_what_production_would_refuse(run, monkeypatch):
    found = {one["check"]: one for one in run("doctor", "--json").document}
    assert found["production"]["detail"].endswith("production would refuse nothing")
    monkeypatch.setenv("SAMPLE_JWT_ISSUER", "http://id.example.com")
    found = {one["check"]: one for one in run("doctor", "--json").document}
    assert found["production"]["ok"]
    assert "SAMPLE_JWT_ISSUER is http://id.example.com" in found["production"]["detail"]
    assert found["database"]["detail"].endswith("without TLS")
