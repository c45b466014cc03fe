"""Imports: records that a person brings as CSV or a workbook, checked, written, and undone."""
