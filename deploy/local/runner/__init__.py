"""The all-in-one runner: environment, database, services as supervised children, credentials.

`environment` and `telling` need the standard library alone, because nothing is installed yet when
they run; the rest runs inside the environment.
"""
