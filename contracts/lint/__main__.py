"""Lints the contracts by judges that are not ours.

    python -m contracts.lint

Redocly reads the OpenAPI files, the AsyncAPI project's parser the AsyncAPI files.
Exit codes: 0 no error, 1 an error in a contract, 2 the judges could not be set up.
"""

import subprocess
import sys
from pathlib import Path

from contracts.node import SetUpError, environment, install, npm

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Set the judges up once, then let them judge."""
    try:
        install(HERE)
        lint = [npm(), "run", "--silent", "lint"]
    except SetUpError as failed:
        print(failed, file=sys.stderr)
        return 2
    return 1 if subprocess.run(lint, cwd=HERE, env=environment(), check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
