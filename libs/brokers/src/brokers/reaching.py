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
        return len(client.cluster.brokers())
    except KafkaError as silent:
        raise NotReached(await _reasons(brokers, milliseconds)) from silent
    finally:
        await client.close()


async def _reasons(brokers: Brokers, milliseconds: int) -> str:
    """Why each address does not let us in: the client itself only logs it."""
    arguments = brokers.client_arguments()
    found = []
    for host, port, _ in collect_hosts(arguments.pop("bootstrap_servers")):
        try:
            connection = await create_conn(host, port, request_timeout_ms=milliseconds, **arguments)
        except (OSError, KafkaError, TimeoutError) as reason:
            found.append(f"{host}:{port} {_told(brokers, reason)}")
        else:
            connection.close()
            found.append(f"{host}:{port} lets us in, but does not name its cluster's brokers")
    return "; ".join(found)


def _told(brokers: Brokers, reason: Exception) -> str:
    match reason:
        case ssl.SSLCertVerificationError():
            by = "KAFKA_SSL_CA_FILE" if brokers.ca_file else "the public authorities"
            return f"is not whom {by} vouch for: {reason.verify_message}"
        case ssl.SSLError():
            return f"does not agree on TLS: {reason}; see KAFKA_SECURITY_PROTOCOL"
        case SaslAuthenticationFailed():
            who = f" {brokers.username}" if brokers.username else ""
            return f"refuses the login{who} by {brokers.mechanism}: {reason}"
        case UnsupportedSaslMechanismError():
            return f"takes no login by {brokers.mechanism}; see KAFKA_SASL_MECHANISM"
    return f"does not answer by {brokers.protocol}: {type(reason).__name__}: {reason}"
