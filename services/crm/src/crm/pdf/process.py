"""The process that sets one PDF: data on its standard input, the file on its output.

It has a limit of processor time and memory that the service itself could not have, and what typst
keeps between documents ends with it.
"""

import contextlib
import resource
import sys
from pathlib import Path

CPU_SECONDS = 20
MEMORY_BYTES = 3 * 1024**3
PAGE = Path(__file__).with_name("page.typ")


def main() -> None:
    """Set the document that stands on the input, with the fonts of the folder named."""
    for what, limit in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (limit, limit))
    import typst  # noqa: PLC0415 - behind the limits

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=[sys.argv[1]]
    )
    document = sys.stdin.buffer.read().decode()
    made: bytes = typst.compile(  # type: ignore[type-var] # the stub mixes up its types
        PAGE.read_bytes(),
        root=sys.argv[1],
        font_paths=fonts,
        sys_inputs={"document": document},
        timestamp=0,
    )
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
