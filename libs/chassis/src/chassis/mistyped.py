"""Variables that look like settings and are none: a mistyped one would be ignored in silence."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from pydantic_settings import BaseSettings

from chassis.secret_files import VARIABLES, names_of

__all__ = ["mistyped_settings"]

SHARED_PREFIXES = ("TANDEM_", "KAFKA_SASL_", "KAFKA_SSL_", "KAFKA_OAUTH_", "KAFKA_SECURITY_")
BESIDE_SERVICES = frozenset({"TANDEM_AS_IT_IS", "TANDEM_CACHE", "TANDEM_SERVICES", "TANDEM_SHARED"})
"""What the runner and the tests read."""
TEST_PREFIX = "TANDEM_TEST_"
NEARLY_SAME = 0.9
# Kubernetes tells each container the address of a service named erp by ERP_SERVICE_HOST and more.
_SERVICE_LINK = re.compile(r".*_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\d+_(TCP|UDP)(_.+)?)")


def mistyped_settings(settings: type[BaseSettings]) -> Iterator[str]:
    """Each variable with a prefix of settings that no setting reads, and what to do about it."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    names = {
        name
        for field_name, field in settings.model_fields.items()
        for name in names_of(settings, field, field_name)
    }
    files = {f"{name}_FILE" for name in names}
    for variable in sorted(VARIABLES):
        if not variable.startswith((prefix, *SHARED_PREFIXES) if prefix else SHARED_PREFIXES):
            continue
        if variable in names | files | BESIDE_SERVICES or variable.startswith(TEST_PREFIX):
            continue
        if not _SERVICE_LINK.fullmatch(variable):
            yield f"{variable} is set and is no setting{_meant(variable, sorted(names | files))}"


def _meant(variable: str, names: list[str]) -> str:
    """The name that is nearly the same, or the same but for its end, or the one most alike."""
    begins = [name for name in names if variable.startswith(name)]
    near = get_close_matches(variable, names, n=1, cutoff=NEARLY_SAME) or begins[-1:]
    near = near or get_close_matches(variable, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""
