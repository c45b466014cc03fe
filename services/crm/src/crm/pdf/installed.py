"""What is installed to make PDFs with."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from chassis.service import ServiceContext

__all__ = ["FONT_PACKAGE", "check_pdf", "font_folder", "missing_packages"]

FONT_MODULE, FONT_PACKAGE = "manimgx_fonts_cjk", "manimgx-fonts-cjk"
"""Noto Sans CJK under the SIL Open Font License 1.1."""
_NEEDED = {"typst": "typst", FONT_MODULE: FONT_PACKAGE}


def missing_packages() -> list[str]:
    """The packages that are needed and not installed."""
    return [package for module, package in _NEEDED.items() if find_spec(module) is None]


def font_folder() -> Path:
    """Where the font is. It must be installed."""
    found = find_spec(FONT_MODULE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(name=FONT_MODULE)
    return Path(found.origin).parent


async def check_pdf(_here: ServiceContext) -> str:
    """Whether PDFs are made, by what; without the extra the service is sound all the same."""
    missing = missing_packages()
    if missing:
        return f"no PDFs are made: {', '.join(missing)} missing (the extra `docs`)"
    try:
        return ", ".join(f"{package} {version(package)}" for package in _NEEDED.values())
    except PackageNotFoundError as unknown:
        return f"PDFs are made; the version of {unknown.name} is not known"
