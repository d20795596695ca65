"""What a peer sends over HTTP decides neither how much is kept nor how long: before anybody is identified."""

import json
import socket
import time
from contextlib import closing, suppress

import httpx
import pytest

from simulators.parties import sandbox_constants
from simulators.sandbox.http_protocol import HEAD_BYTES_MAX, HEADERS_MAX, BoundedHttpProtocol

KEY = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
JSON = KEY | {"Content-Type": "application/json"}
HEAD = b"POST /v1/accounts HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def line(sandbox):
    """A raw connection to the HTTP port."""
    url = httpx.URL(sandbox.http_url)
    with closing(socket.create_connection((url.host, url.port), 20)) as opened:
        yield opened


def _sent(line, pieces):
    """Send until the server has had enough; returns how many bytes went, and what it said before it closed."""
    sent = 0
    try:
        for piece in pieces:
            line.sendall(piece)
            sent += len(piece)
    except OSError:
        pass
    answer = b""
    try:
        while part := line.recv(65536):
            answer += part
    except OSError:
        pass
    return sent, answer


def test_a_head_without_an_end(line):
    """One header of 64 MB is refused after some KiB."""
    sent, answer = _sent(line, [HEAD + b"X: ", *(b"x" * 65536 for _ in range(1_000))])
    assert answer.startswith(b"HTTP/1.1 431 ") or not answer
    assert sent < 32 * 2**20


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"X: " + b"x" * HEAD_BYTES_MAX + b"\r\n\r\n",
        HEAD + b"".join(b"X%d: y\r\n" % number for number in range(HEADERS_MAX)) + b"\r\n",
        b"GET /" + b"x" * HEAD_BYTES_MAX + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_a_head_that_is_too_large(line, head):
    """A long header, many headers, a long address: 431 as a problem document, and the connection closes."""
    _, answer = _sent(line, [head])
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "request_header_fields_too_large"


def test_heads_of_usual_size(line):
    """Two requests in one piece, each with many headers, are both answered."""
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(90)) + b"\r\n"
    line.sendall(head + head.replace(b"\r\nX0", b"\r\nConnection: close\r\nX0"))
    _, answer = _sent(line, [])
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_an_endless_body_with_no_key(line):
    """Chunks without a length are refused after a MiB, whoever sends them."""
    head = HEAD + b"Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    line.settimeout(5)
    line.sendall(head)
    sent = 0
    for _ in range(17):
        line.sendall(chunk)
        sent += len(chunk)
    assert line.recv(65536).startswith((b"HTTP/1.1 422", b"HTTP/1.1 413"))
    assert sent < 2 * 2**20


@pytest.mark.parametrize("endless", [b"0\r\nX: ", b"1;x="])
def test_an_endless_trailer_or_extension(line, endless):
    """What stands around the chunks of a body is bounded as well."""
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + endless
    sent, answer = _sent(line, [head, *(b"x" * 65536 for _ in range(1_000))])
    assert answer.startswith(b"HTTP/1.1 431 ") or not answer
    assert sent < 32 * 2**20


def test_a_body_in_the_smallest_chunks(line):
    """A chunk for each byte is as good as one for all."""
    body = b'{"currency": "EUR", "credit_limit": 1000' + b" " * 20_000 + b"}"
    head = HEAD + b"Transfer-Encoding: chunked\r\nContent-Type: application/json\r\nConnection: close\r\n"
    head += b"Authorization: Bearer " + sandbox_constants.SANDBOX_API_KEY.encode() + b"\r\n\r\n"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    _, answer = _sent(line, [head, *(chunks[at : at + 4_096] for at in range(0, len(chunks), 4_096))])
    assert answer.startswith(b"HTTP/1.1 201 ")


def test_many_requests_in_pieces(line):
    """Each head is counted alone, wherever the pieces begin and end."""
    requests = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1_500
    line.sendall(requests[:20] + b"")
    line.sendall(requests[20:60_000])
    line.sendall(requests[60_000:] + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    _, answer = _sent(line, [])
    assert answer.count(b"HTTP/1.1 200 OK") == 1_501


@pytest.mark.parametrize("begun", [b"", b"GET", HEAD, HEAD + b"Content-Length: 100\r\n\r\n{"])
def test_half_open_requests_are_closed(sandbox, monkeypatch, begun):
    """Nothing, a piece of a head, a head without an end, a body that does not come: all closed when time is up."""
    monkeypatch.setattr(BoundedHttpProtocol, "request_seconds_max", 0.05)
    url = httpx.URL(sandbox.http_url)
    with closing(socket.create_connection((url.host, url.port), 20)) as line:
        line.sendall(begun)
        started = time.monotonic()
        with suppress(ConnectionResetError):
            assert line.recv(1) == b""
        assert time.monotonic() - started < 15


def test_an_answer_that_takes_its_time_is_waited_for(sandbox, monkeypatch):
    """The deadline is the peer's, not ours; the next request of the connection has its own."""
    monkeypatch.setattr(BoundedHttpProtocol, "request_seconds_max", 0.2)
    with httpx.Client(base_url=sandbox.http_url, headers=KEY) as http:
        for _ in range(30):
            assert http.get("/v1/accounts").status_code == 200


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 70 + "1" + "}" * 70, "[" * 70 + "]" * 70])
@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/rules", "/v1/tokens"])
def test_deep_json(sandbox, path, deep):
    """400, not 500."""
    answer = httpx.post(sandbox.http_url + path, content=deep, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("text", [r"\ud800", r"\udfffx", r"a\u0000b"])
@pytest.mark.parametrize("body", ['{{"name": "{}"}}', '{{"{}": 1}}', '[["{}"]]'])
def test_text_that_is_none(sandbox, body, text):
    """Half of a surrogate pair, and NUL, as a value or a name: 400."""
    answer = httpx.post(f"{sandbox.http_url}/v1/devices", content=body.format(text), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_nul_in_a_query(sandbox):
    """Is refused with the parameter's name."""
    answer = httpx.get(f"{sandbox.http_url}/v1/events?resource_id=%00", headers=KEY)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "resource_id")


@pytest.mark.parametrize("part", ["jti", "htm", "ath", "more"])
def test_surrogates_in_a_proof(new_phone, sandbox, part):
    """A signed proof with half of a surrogate pair in a claim: 401, not 500."""
    phone = new_phone()
    claims = {"jti": "x", "htm": "GET", "htu": f"{sandbox.http_url}/v1/devices", "iat": 1, "ath": "y"}
    proof = phone._secure_element.sign_proof(claims | {part: "\ud800"})
    headers = {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}", "DPoP": proof}
    answer = httpx.post(f"{sandbox.http_url}/v1/devices", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_dpop_proof")
