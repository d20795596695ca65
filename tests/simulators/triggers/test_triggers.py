"""Every type of event is made to happen on a running server, by the command line, and stands in its list of events."""

import json

import httpx
import pytest

from simulators.cli.command_line import main
from simulators.parties import sandbox_constants
from simulators.triggers.stage import NotTriggered, Stage, must_be_approved
from simulators.triggers.table import NOT_TRIGGERED, TRIGGERS, described
from tokenvault.vocabulary.event_types import EventType


@pytest.fixture(scope="module")
def operator(sandbox):
    """The sandbox's own client."""
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
    with httpx.Client(base_url=sandbox.http_url, headers=headers, trust_env=False, timeout=60) as client:
        yield client


def told(operator, path):
    """The answer to a GET."""
    answer = operator.get(path)
    assert answer.is_success, answer.text
    return answer.json()


class Follower:
    """Reads all events of the server, each once."""

    def __init__(self, operator):
        self._operator = operator
        self._cursor = told(operator, "/v1/events?oldest_first=true&limit=1")["next_cursor"]
        self.new()

    def new(self):
        """What has happened since it was asked last."""
        found = []
        while True:
            address = f"/v1/events?oldest_first=true&limit=100&starting_after={self._cursor}"
            page = told(self._operator, address)
            found, self._cursor = found + page["data"], page["next_cursor"]
            if not page["has_more"]:
                return found


@pytest.fixture(scope="module")
def follower(operator):
    """Begins behind everything that other tests made happen."""
    return Follower(operator)


def phones(operator):
    """The simulated phones of the server."""
    return [each["id"] for each in told(operator, "/v1/simulations/phones?limit=100")["data"]]


def test_every_type_is_triggered_or_says_why_not():
    """None is forgotten, and each says what happens."""
    assert set(TRIGGERS) | set(NOT_TRIGGERED) == set(EventType)
    assert not set(TRIGGERS) & set(NOT_TRIGGERED)
    assert all(described(event_type).endswith(".") for event_type in EventType)


@pytest.mark.parametrize("event_type", TRIGGERS, ids=str)
def test_event(sandbox, operator, follower, capsys, event_type):
    """It happens now, once; what is printed is what the server's list has; no simulated phone is left behind."""
    follower.new()
    before = phones(operator)
    assert main(["trigger", event_type, "--url", sandbox.http_url, "--json"]) == 0
    event = json.loads(capsys.readouterr().out)
    assert event["type"] == event_type
    assert event == told(operator, f"/v1/events/{event['id']}")
    happened = [each for each in follower.new() if each["type"] == event_type]
    assert event in happened
    about = [each for each in happened if each["resource_id"] == event["resource_id"]]
    # A phone's first limited-use key comes with its activation, the second by what was asked for.
    assert len(about) == (2 if event_type is EventType.TOKEN_KEY_REPLENISHED else 1)
    assert about[-1] == event
    assert phones(operator) == before


def test_one_line_tells_the_event(sandbox, operator, capsys):
    """Type, identifier and resource."""
    assert main(["trigger", "card.frozen", "--url", sandbox.http_url]) == 0
    event_type, identifier, resource = capsys.readouterr().out.split()
    assert (event_type, resource[:5]) == ("card.frozen", "card_")
    assert told(operator, f"/v1/cards/{resource}")["state"] == "frozen"
    assert told(operator, f"/v1/events/{identifier}")["resource_id"] == resource


def test_the_list_has_every_type(capsys):
    """With what happens, or why nothing does; no server is asked."""
    assert main(["trigger", "--list", "--url", "http://127.0.0.1:1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [str(each) for each in EventType]
    assert lines[0].startswith("portfolio.loaded            Cannot be triggered: a portfolio is loaded by a program")
    assert any(line.endswith("  A payment of a new phone is reversed.") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "trigger needs the type of an event; `tapwright trigger --list` shows all of them\n"),
        (["portfolio.loaded"], 2, "portfolio.loaded cannot be triggered: a portfolio is loaded by a program"),
        (["card.frozen", "--url", "http://127.0.0.1:1"], 1, "no server at http://127.0.0.1:1: "),
        (["card.frozen", "--api-key", "unknown"], 1, "401 unauthenticated"),
        (["card.frozen", "--api-key", sandbox_constants.WALLET_API_KEY], 1, "403 missing_scope"),
    ],
)
def test_what_keeps_it_from_happening(sandbox, monkeypatch, capsys, arguments, code, words):
    """One line, and no traceback."""
    monkeypatch.setenv("TAPWRIGHT_URL", sandbox.http_url)
    assert main(["trigger", *arguments]) == code
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_misspelt_type(capsys):
    """What was meant is suggested."""
    with pytest.raises(SystemExit) as ended:
        main(["trigger", "authorization.aproved"])
    assert ended.value.code == 2
    assert "did you mean authorization.approved?" in capsys.readouterr().err


def test_a_server_that_does_something_else_is_reported():
    """The reason of its decline stands in the error."""
    declined = {"approved": False, "reason": "suspected_fraud", "authorization_id": "auth_0000000000001"}
    with pytest.raises(NotTriggered, match="the server declined the reversal: suspected_fraud"):
        must_be_approved(declined, "reversal")


def test_no_phone_is_left_behind_by_what_failed(sandbox, operator):
    """Phones are deleted at the end, also after an error."""
    before = phones(operator)

    def fails():
        with Stage(sandbox.http_url, sandbox_constants.SANDBOX_API_KEY) as stage:
            stage.token()
            assert len(phones(operator)) == len(before) + 1
            raise NotTriggered("something else happened")

    with pytest.raises(NotTriggered):
        fails()
    assert phones(operator) == before


def test_an_event_that_does_not_come(sandbox):
    """It is waited for, a bounded number of times."""
    pauses = []
    with (
        Stage(sandbox.http_url, sandbox_constants.SANDBOX_API_KEY, pauses.append) as stage,
        pytest.raises(NotTriggered, match=r"no event card.closed of card_0000000000001 after 15 seconds"),
    ):
        stage.event("card.closed", "card_0000000000001")
    assert sum(pauses) == pytest.approx(15)
