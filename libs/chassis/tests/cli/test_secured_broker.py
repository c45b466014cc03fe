"""`doctor` and a broker that lets in only who proves who they are: what it says of each refusal."""

from base64 import b64encode

import pytest

from chassis.testing.issuer import issuing, signed_token

pytestmark = pytest.mark.kafka


@pytest.fixture
def found(run, secured_kafka, monkeypatch):
    """What doctor says of the broker, with these variables beside those of a SCRAM log-in."""

    def ask(**changed):
        for name, value in (secured_kafka.access.settings(secured_kafka.login_port)).items():
            monkeypatch.setenv(name, value)
        for name, value in changed.items():
            if value is None:
                monkeypatch.delenv(f"KAFKA_{name}", raising=False)
            else:
                monkeypatch.setenv(f"KAFKA_{name}", str(value))
        result = run("doctor", "--json")
        assert result.exit_code in {0, 1}, result.output
        (broker,) = [one for one in result.document if one["check"] == "broker"]
        assert broker["ok"] == (result.exit_code == 0)
        return broker["detail"] if broker["ok"] else f"BAD {broker['detail']}"

    return ask


@pytest.fixture
def by_certificate(secured_kafka):
    """Variables of a client that shows a certificate."""
    access = secured_kafka.access
    return {
        "BOOTSTRAP_SERVERS": f"127.0.0.1:{secured_kafka.certificate_port}",
        "SECURITY_PROTOCOL": "SSL",
        "SASL_MECHANISM": None,
        "SASL_USERNAME": None,
        "SASL_PASSWORD_FILE": None,
        "SSL_CERTIFICATE_FILE": access.certificate_file,
        "SSL_KEY_FILE": access.key_file,
    }


@pytest.fixture
def by_token(secured_kafka):
    """Variables of a client that shows a token; its issuer still has to be named."""
    return {
        "SASL_MECHANISM": "OAUTHBEARER",
        "SASL_USERNAME": None,
        "SASL_PASSWORD_FILE": None,
        "OAUTH_CLIENT_ID": "erp",
        "OAUTH_CLIENT_SECRET": "hunter2",
    }


def test_each_mechanism_lets_in_and_refuses_a_wrong_password(found, secured_kafka):
    """PLAIN and SCRAM over TLS, with the password from a file."""
    for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        assert found(SASL_MECHANISM=mechanism).endswith(f"by SASL_SSL, log-in by {mechanism}")
    for mechanism in ("PLAIN", "SCRAM-SHA-512"):
        answer = found(SASL_MECHANISM=mechanism, SASL_PASSWORD="wrong", SASL_PASSWORD_FILE=None)
        assert answer.startswith(
            f"BAD 127.0.0.1:{secured_kafka.login_port} refuses the login tandem"
        )
        assert f"by {mechanism}: " in answer
        assert "uthentication failed" in answer


def test_brokers_that_an_unknown_authority_vouches_for_are_refused(found):
    assert "whom the public authorities vouch for: unable to get" in found(SSL_CA_FILE=None)


def test_a_client_is_known_by_its_certificate(found, by_certificate):
    assert found(**by_certificate).endswith("by SSL")
    without = by_certificate | {"SSL_CERTIFICATE_FILE": None, "SSL_KEY_FILE": None}
    assert "does not answer by SSL: " in found(**without)


def test_a_token_of_the_issuer_lets_in_and_an_expired_one_does_not(found, by_token, secured_kafka):
    """The broker checks signature, issuer, audience and end of each token (RFC 7628)."""
    access = secured_kafka.access
    with issuing() as issuer:
        issuer.answer = lambda: {"access_token": signed_token(access), "expires_in": 300}
        said = found(**by_token, OAUTH_TOKEN_URL=issuer.url)
        assert said.endswith("by SASL_SSL, log-in by OAUTHBEARER")
        assert [one.login for one in issuer.asked] == ["erp:hunter2"]
        late = {"access_token": signed_token(access, lifetime_seconds=-300), "expires_in": 300}
        issuer.answer = lambda: late
        answer = found(**by_token, OAUTH_TOKEN_URL=issuer.url)
        assert "BAD" in answer
        assert "refuses the token of KAFKA_OAUTH_TOKEN_URL" in answer
        issuer.status = 401
        answer = found(**by_token, OAUTH_TOKEN_URL=issuer.url)
        assert f"{issuer.url} gives no token: 401" in answer


def test_another_protocol_than_the_broker_speaks_is_told(found, secured_kafka):
    login = {"SASL_MECHANISM": None, "SASL_USERNAME": None, "SASL_PASSWORD_FILE": None}
    assert "takes connections by SSL, but answers no question" in found(
        SECURITY_PROTOCOL="SSL", **login
    )
    plain = login | {"SSL_CA_FILE": None}
    assert "does not answer by PLAINTEXT" in found(SECURITY_PROTOCOL="PLAINTEXT", **plain)
    assert "does not answer by SASL_SSL" in found(BOOTSTRAP_SERVERS=secured_kafka.bootstrap)


def test_production_sends_nothing_to_brokers_without_tls(run, monkeypatch):
    """Unless nobody else can read it: TANDEM_PRIVATE_NETWORK."""
    monkeypatch.setenv("TANDEM_ENV", "production")
    monkeypatch.setenv("SAMPLE_SECOND_FACTOR_KEYS", b64encode(bytes(32)).decode())
    for name, value in {
        "BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "SASL_MECHANISM": "OAUTHBEARER",
        "OAUTH_TOKEN_URL": "http://id.example.com/token",
        "OAUTH_CLIENT_ID": "erp",
        "OAUTH_CLIENT_SECRET": "hunter2",
    }.items():
        monkeypatch.setenv(f"KAFKA_{name}", value)
    refused = run("doctor")
    assert refused.exit_code == 2
    assert "KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT: in production log-ins" in refused.stderr
    assert "KAFKA_OAUTH_TOKEN_URL is http://id.example.com/token" in refused.stderr
    monkeypatch.setenv("TANDEM_PRIVATE_NETWORK", "true")
    refused = run("doctor")
    assert "KAFKA_SECURITY_PROTOCOL" not in refused.stderr
    assert "KAFKA_OAUTH_TOKEN_URL is http://id.example.com/token" in refused.stderr
    monkeypatch.setenv("KAFKA_OAUTH_TOKEN_URL", "https://127.0.0.1:1/token")
    assert "does not answer" in run("doctor").stdout
