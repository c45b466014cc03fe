"""Why a PDF is not made."""

from chassis.problems.problem import Problem

__all__ = ["PdfNotInstalled", "PdfNotMade"]


class PdfNotInstalled(Problem):
    """Packages that set PDFs are an extra of the installation."""

    status = 503
    code = "pdf_not_installed"
    title = "This installation makes no PDFs"
    detail = "Missing here: {missing}. Install the extra `docs` of the CRM, and start it again."


class PdfNotMade(Problem):
    """A PDF has limits of time, memory and size."""

    status = 503
    code = "pdf_not_made"
    title = "The PDF was not made"
    detail = (
        "It was not made within {seconds} seconds, or within the memory that it may use. Try "
        "again when less is asked for, or shorten the text."
    )
