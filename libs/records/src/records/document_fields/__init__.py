"""Custom fields of documents: values that stand beside the document, and touch nothing of it."""
