"""Generates clients from the committed OpenAPI files and compiles them, into `build/clients`.

    python -m contracts.clients

What a generator warns of is a fault of the contract. A language whose tools cannot be had here is
skipped and says why; with `CI=true` that is a fault. Exit codes: 0 all good or skipped, 1 a fault.
"""

import os
import sys
import time

from contracts.clients.build import ClientFault, Language, made
from contracts.clients.java import JAVA
from contracts.clients.python import PYTHON
from contracts.clients.typescript import TYPESCRIPT
from contracts.node import SetUpError

LANGUAGES = (PYTHON, TYPESCRIPT, JAVA)


def main() -> int:
    """Make all; every fault of every language is told."""
    verdicts = [_good(language) for language in LANGUAGES]
    return 0 if all(verdicts) else 1


def _good(language: Language) -> bool:
    began = time.monotonic()
    try:
        word = "generated and compiled" if made(language) else "as before"
    except ClientFault as fault:
        print(f"{language.name} clients: {fault}")
        return False
    except SetUpError as missing:
        print(f"{language.name} clients: SKIPPED: {missing}")
        return os.environ.get("CI") != "true"
    print(f"{language.name} clients: {word} in {time.monotonic() - began:.0f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
