"""PDFs of documents: set by typst in a process of their own, from data that is never markup.

What is needed stands in the extra `docs` of the distribution: the package `typst`, and the package
of a font with Chinese. Without them the service runs, and says what is missing where a PDF is
asked for. The same document gives the same bytes: its day is the document's, no clock is read.
"""
