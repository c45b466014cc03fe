"""The command line of the sample service, called in this process or as a program."""

import json
from types import SimpleNamespace
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from chassis.cli.making import make_cli


@pytest.fixture(scope="session")
def installed(cluster, sample_module):
    """A migrated database of the sample service, reached by environment variables."""
    urls = cluster.migrated(sample_module.SERVICE, f"cli_{uuid4().hex[:8]}")
    variables = {"SAMPLE_DATABASE_URL": urls.runtime, "SAMPLE_MIGRATION_DATABASE_URL": urls.owner}
    return SimpleNamespace(urls=urls, variables=variables)


@pytest.fixture
def run(installed, sample_module, monkeypatch):
    """Call a command; the result has exit code, output and, with --json, the document."""
    for name, value in installed.variables.items():
        monkeypatch.setenv(name, value)
    # Logs are set up once for a process; here the process is the one that tests.
    monkeypatch.setattr("chassis.cli.operating.configure_logs", lambda *_, **__: None)
    cli = make_cli(sample_module.SERVICE)

    def called(*arguments, **options):
        result = CliRunner().invoke(cli, [str(one) for one in arguments], **options)
        if "--json" in arguments and result.exit_code in {0, 1} and result.stdout:
            result.document = json.loads(result.stdout)
        return result

    return called
