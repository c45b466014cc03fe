"""Exports written by a job: any number of records as one file, fetched when it is done."""
