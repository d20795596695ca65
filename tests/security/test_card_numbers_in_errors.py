"""The number of a card in place of an identifier, on every call: no answer repeats more than its first eight digits."""

import httpx
import pytest

from simulators.parties import sandbox_constants

PAN = f"{sandbox_constants.FUNDING_BIN}01234567"
SHOWN_DIGITS_MAX = 8
"""Of a PAN, its issuer identification number is no secret (ISO/IEC 7812-1)."""
CHOSEN_NAMES = "/v1/simulations/snapshots"
"""Where a name is what the caller chooses, whatever it says."""
OPERATOR = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}


@pytest.fixture(scope="module")
def server(sandbox):
    """A caller with every scope, and the description of what it may call."""
    with httpx.Client(base_url=sandbox.http_url, headers=OPERATOR, trust_env=False, timeout=60) as client:
        yield client, client.get("/openapi.json").json()


def _repeats(answer):
    """Whether an answer has more of the number than everybody may see."""
    return PAN[: SHOWN_DIGITS_MAX + 1] in answer.text


def test_in_paths(server):
    """As each identifier of each operation, and of each list's cursor."""
    client, described = server
    repeating, refused = [], 0
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            parameters = operation.get("parameters", [])
            names = [each["name"] for each in parameters if each["in"] == "path"]
            query = {each["name"]: PAN for each in parameters if each["name"] == "starting_after"}
            if path.startswith(CHOSEN_NAMES) or (not names and not query):
                continue
            url = path.format(**dict.fromkeys(names, PAN))
            answer = client.request(method, url, params=query, json={} if method in ("post", "put", "patch") else None)
            refused += answer.is_client_error
            if _repeats(answer):
                repeating.append(f"{method} {path}: {answer.json()['detail']}")
    assert repeating == []
    assert refused > 60


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/cards", {"account_id": PAN}),
        ("/v1/tokens", {"card_id": PAN, "token_requestor_id": "99900000001", "device_id": PAN}),
        ("/v1/simulations/phones", {"card_id": PAN}),
        ("/v1/simulations/authorizations", {"token_id": PAN, "amount": 1}),
        ("/v1/simulations/forced_declines", {"card_id": PAN, "reason": "do_not_honor"}),
    ],
)
def test_in_bodies(server, path, body):
    """As an identifier of what the call is about."""
    answer = server[0].post(path, json=body)
    assert answer.is_client_error
    assert not _repeats(answer), answer.text


def test_in_topics_of_the_stream(server):
    """As the name of a topic."""
    answer = server[0].get("/v1/stream", params={"topics": PAN})
    assert (answer.status_code, _repeats(answer)) == (422, False)
