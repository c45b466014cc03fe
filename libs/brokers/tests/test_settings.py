"""What the settings of brokers say together, and which of them contradict each other."""

import ssl

import pytest
from cryptography.hazmat.primitives import serialization
from pydantic import ValidationError

from brokers.settings import KafkaSettings
from kafka_access import KafkaAccess

SERVERS = {"BOOTSTRAP_SERVERS": "a:9092,b:9092"}
LOGIN = SERVERS | {
    "SECURITY_PROTOCOL": "SASL_SSL",
    "SASL_MECHANISM": "SCRAM-SHA-512",
    "SASL_USERNAME": "erp",
    "SASL_PASSWORD": "hunter2",
}
TOKENS = SERVERS | {
    "SECURITY_PROTOCOL": "SASL_SSL",
    "SASL_MECHANISM": "OAUTHBEARER",
    "OAUTH_TOKEN_URL": "https://id.example.com/token",
    "OAUTH_CLIENT_ID": "erp",
    "OAUTH_CLIENT_SECRET": "hunter2",
}


@pytest.fixture(scope="module")
def access(tmp_path_factory):
    made = KafkaAccess(tmp_path_factory.mktemp("access"))
    made.make()
    return made


@pytest.fixture
def settings(monkeypatch):
    """Reads settings from variables; None leaves one out."""

    def read(variables, **changed):
        for name, value in (variables | changed).items():
            if value is not None:
                monkeypatch.setenv(f"KAFKA_{name}", str(value))
        return KafkaSettings()

    return read


def test_without_settings_there_is_no_broker(settings):
    assert settings({}).brokers is None


def test_without_a_protocol_brokers_are_reached_in_plain_text(settings):
    """As it was before there were settings for it."""
    arguments = settings(SERVERS).brokers.client_arguments()
    assert arguments["bootstrap_servers"] == "a:9092,b:9092"
    assert (arguments["security_protocol"], arguments["ssl_context"]) == ("PLAINTEXT", None)


def test_a_client_checks_certificates_and_names(settings, access):
    said = settings(LOGIN, SSL_CA_FILE=access.ca_file)
    arguments = said.brokers.client_arguments()
    assert arguments["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (arguments["sasl_plain_username"], arguments["sasl_plain_password"]) == (
        "erp",
        "hunter2",
    )
    context = arguments["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1
    assert "hunter2" not in f"{said!r} {said.brokers!r}"
    assert len(settings(LOGIN).brokers.ssl_context().get_ca_certs()) == 1


def test_all_clients_share_one_token(settings):
    brokers = settings(TOKENS).brokers
    first, second = (brokers.client_arguments()["sasl_oauth_token_provider"] for _ in range(2))
    assert first is second
    assert "hunter2" not in repr(brokers)


REFUSED = [
    (SERVERS | {"SECURITY_PROTOCOL": "TLS"}, "'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT' or 'SASL_SSL'"),
    (LOGIN | {"SASL_MECHANISM": "GSSAPI"}, "'SCRAM-SHA-512' or 'OAUTHBEARER'"),
    (LOGIN | {"SASL_MECHANISM": None}, "KAFKA_SASL_MECHANISM is not set, and needed where"),
    (LOGIN | {"SECURITY_PROTOCOL": "SSL"}, "KAFKA_SASL_MECHANISM is set, and used only where"),
    (LOGIN | {"SASL_PASSWORD": None}, "KAFKA_SASL_PASSWORD is not set, and needed where"),
    (LOGIN | {"SASL_USERNAME": ""}, "KAFKA_SASL_USERNAME is not set, and needed where"),
    (LOGIN | {"OAUTH_SCOPE": "kafka"}, "KAFKA_OAUTH_SCOPE is set, and used only where"),
    (TOKENS | {"SASL_USERNAME": "erp"}, "KAFKA_SASL_USERNAME is set, and used only where"),
    (TOKENS | {"OAUTH_TOKEN_URL": None}, "KAFKA_OAUTH_TOKEN_URL is not set, and needed where"),
    (TOKENS | {"OAUTH_TOKEN_URL": "id.example.com"}, "KAFKA_OAUTH_TOKEN_URL"),
    (LOGIN | {"SSL_CA_FILE": "/nowhere/ca.pem"}, "KAFKA_SSL_CA_FILE"),
]


@pytest.mark.parametrize(("variables", "told"), REFUSED)
def test_what_contradicts_itself_is_refused_with_words(settings, variables, told):
    with pytest.raises(ValidationError) as refused:
        settings(variables)
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_certificates_and_keys_are_looked_at_before_a_client_is_made(settings, access, tmp_path):
    """A certificate without its key, files of another kind, a key that is not opened."""
    tls = SERVERS | {"SECURITY_PROTOCOL": "SSL", "SSL_CERTIFICATE_FILE": access.certificate_file}
    with pytest.raises(ValidationError, match="KAFKA_SSL_KEY_FILE is not set, and needed where"):
        settings(tls)
    with pytest.raises(ValidationError, match="are no certificate with its key"):
        settings(tls, SSL_KEY_FILE=access.folder / "broker.pem")
    key = serialization.load_pem_private_key(access.key_file.read_bytes(), password=None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"opens"),
        )
    )
    with pytest.raises(ValidationError, match="KAFKA_SSL_KEY_PASSWORD does not open it"):
        settings(tls, SSL_KEY_FILE=locked)
    assert settings(tls, SSL_KEY_FILE=locked, SSL_KEY_PASSWORD="opens").brokers.ssl_context()
    with pytest.raises(ValidationError, match="has no certificates"):
        settings(tls, SSL_CA_FILE=access.key_file)


def test_without_tls_all_is_named_that_others_could_read(settings):
    assert list(KafkaSettings().unencrypted_brokers()) == []
    assert "KAFKA_SECURITY_PROTOCOL is PLAINTEXT" in next(settings(SERVERS).unencrypted_brokers())
    (told,) = settings(LOGIN, SECURITY_PROTOCOL="SASL_PLAINTEXT").unencrypted_brokers()
    assert "log-ins and events are not sent to brokers without TLS" in told
    assert list(settings(LOGIN).unencrypted_brokers()) == []
