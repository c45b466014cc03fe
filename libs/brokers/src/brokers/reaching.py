"""Do the brokers let us in? If not, why, in words that say which setting to look at."""

import ssl

from aiokafka.client import AIOKafkaClient
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from brokers.connection import Brokers

__all__ = ["NotReached", "count_brokers"]


class NotReached(Exception):
    """No broker lets us in; the text says why of each address."""


async def count_brokers(brokers: Brokers, *, answer_seconds: float) -> int:
    """How many brokers the cluster has. Raises NotReached."""
    milliseconds = int(answer_seconds * 1000)
    client = AIOKafkaClient(**brokers.client_arguments(), request_timeout_ms=milliseconds)
    try:
        await client.bootstrap()
        count = len(client.cluster.brokers())
    except KafkaError:
        count = 0
    finally:
        await client.close()
    if count == 0:
        raise NotReached(await _reasons(brokers, milliseconds))
    return count


async def _reasons(brokers: Brokers, milliseconds: int) -> str:
    """Why each address does not let us in: the client itself only logs it."""
    arguments = brokers.client_arguments()
    found = []
    for host, port, _ in collect_hosts(arguments.pop("bootstrap_servers")):
        try:
            connection = await create_conn(host, port, request_timeout_ms=milliseconds, **arguments)
        except (OSError, KafkaError, TimeoutError) as reason:
            found.append(f"{host}:{port} {_words(brokers, reason)}")
        else:
            connection.close()
            found.append(f"{host}:{port} {_unanswered(brokers)}")
    return f"{'; '.join(found)}; see docs/guides/kafka-and-tls.md"


def _unanswered(brokers: Brokers) -> str:
    """What it means that somebody is connected and is told nothing."""
    if brokers.mechanism == "OAUTHBEARER":
        # A broker says so only to who asks once more, which this client does not.
        return "refuses the token of KAFKA_OAUTH_TOKEN_URL; the broker's log says why"
    return f"takes connections by {brokers.protocol}, but answers no question"


def _words(brokers: Brokers, reason: Exception) -> str:
    match reason:
        case ssl.SSLCertVerificationError():
            by = "KAFKA_SSL_CA_FILE" if brokers.ca_file else "the public authorities"
            return f"is not whom {by} vouch for: {reason.verify_message}"
        case ssl.SSLError():
            return f"does not agree on TLS: {reason}"
        case SaslAuthenticationFailed():
            who = f" {brokers.username}" if brokers.username else ""
            return f"refuses the login{who} by {brokers.mechanism}: {reason}"
        case UnsupportedSaslMechanismError():
            return f"takes no login by {brokers.mechanism}"
    return f"does not answer by {brokers.protocol}: {str(reason) or type(reason).__name__}"
