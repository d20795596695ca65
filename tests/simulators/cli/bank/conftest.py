"""``tapwright bank`` as it is run on the command line, against a real server."""

import pytest

from simulators.cli.command_line import main


@pytest.fixture
def bank_url(sandbox):
    """The server that the verb speaks to."""
    return sandbox.http_url


@pytest.fixture
def told(bank_url, capsys):
    """Runs the verb; its exit code, and what it says on standard output and standard error."""

    def run(*arguments):
        code = main(["bank", *arguments, "--url", bank_url])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return run
