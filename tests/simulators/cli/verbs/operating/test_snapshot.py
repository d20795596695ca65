"""``tapwright snapshot`` against a real server: what it says, and what it does to the network."""

import re

import pytest

from simulators.cli.command_line import main
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.scratch_sandbox import scratch_sandbox

SIZE = r"\d[\d,]* rows, \d+ commands, [\d,]+ kB"
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


@pytest.fixture(scope="module")
def url():
    """A server whose network is nobody else's."""
    with scratch_sandbox() as running:
        yield running.http_url


@pytest.fixture
def told(url, capsys):
    """Runs the verb; its exit code, and what it says on standard output and standard error."""

    def run(*arguments):
        code = main(["snapshot", *arguments, "--url", url])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    yield run
    for line in run("list")[1].splitlines():
        run("delete", line.split()[0])


def accounts(url):
    """How many there are."""
    with Issuer(url) as issuer:
        return len(issuer.call("GET", "/v1/accounts?limit=100")["data"])


def open_account(url):
    """One more."""
    with Issuer(url) as issuer:
        issuer.open_account("EUR", 1_000)


def test_a_network_is_saved_and_restored(url, told):
    """One line each: name, size, how long it took; restoring says of when it was, and how long payments waited."""
    open_account(url)
    before = accounts(url)
    code, said, _ = told("save", "prepared")
    assert code == 0
    assert re.fullmatch(rf"saved prepared: {SIZE}; \d+\.\d\d s\n", said), said
    open_account(url)
    assert accounts(url) == before + 1
    code, said, _ = told("restore", "prepared")
    assert code == 0
    waited = r"\d+\.\d\d s, of which payments waited \d+\.\d\d s"
    assert re.fullmatch(rf"restored prepared of {MOMENT}: {SIZE}; {waited}\n", said), said
    assert accounts(url) == before


def test_snapshots_are_listed_and_deleted(told):
    """By name, one line each; none is an empty list."""
    assert told("list") == (0, "", "")
    for name in ("second", "first"):
        told("save", name)
    code, said, _ = told("list")
    assert code == 0
    assert [line.split()[0] for line in said.splitlines()] == ["first", "second"]
    assert all(re.fullmatch(rf"\S+ +{MOMENT}  {SIZE}", line) for line in said.splitlines()), said
    assert told("delete", "first") == (0, "deleted first\n", "")
    assert [line.split()[0] for line in told("list")[1].splitlines()] == ["second"]


def test_a_name_that_is_taken(url, told):
    """Is refused with what to do about it; with the flag, the snapshot is the network as it is now."""
    told("save", "prepared")
    open_account(url)
    code, said, error = told("save", "prepared")
    assert (code, said) == (1, "")
    assert error == "tapwright: 409 snapshot_exists: there is a snapshot prepared already; --replace replaces it\n"
    after = accounts(url)
    assert told("save", "prepared", "--replace")[0] == 0
    told("restore", "prepared")
    assert accounts(url) == after


@pytest.mark.parametrize("action", ["restore", "delete"])
def test_a_name_that_there_is_not(told, action):
    """Is named."""
    code, said, error = told(action, "nosuch")
    assert (code, said) == (1, "")
    assert error == "tapwright: 404 not_found: there is no snapshot nosuch\n"


@pytest.mark.parametrize("action", ["save", "restore", "delete"])
@pytest.mark.parametrize("name", ["UPPER", "../accounts", "x" * 41, "a?b=c", "é"])
def test_names_that_are_none(told, action, name):
    """Are refused by the server; no other call is made of them."""
    code, said, error = told(action, name)
    assert (code, said) == (1, "")
    assert error.startswith(("tapwright: 422 ", "tapwright: 404 "))
    assert error.count("\n") == 1


def test_a_key_of_another_scope(told):
    """Is refused as everywhere."""
    code, _, error = told("save", "prepared", "--api-key", sandbox_constants.ISSUER_API_KEY)
    assert code == 1
    assert error == "tapwright: 403 missing_scope: this call requires an API key with the scope sandbox\n"
