"""The stream's client against a server that breaks off, comes back, and refuses; and its lines."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from simulators.listening.entry_lines import line_of
from simulators.listening.stream_client import Entry, StreamClient, StreamRefused


class Server:
    """Gives one answer after another, each (status, body), and keeps what it was asked."""

    def __init__(self, *answers):
        self.asked = []
        left, asked = list(answers), self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.path, self.headers.get("Last-Event-ID"), self.headers["Authorization"]))
                status, body = left.pop(0)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self):
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def serve():
    """Makes servers."""
    made = []

    def start(*answers):
        made.append(Server(*answers))
        return made[-1]

    yield start
    for server in made:
        server.close()


FIRST = 'retry: 250\nid: d0\n\nid: d1\nevent: decision\ndata: {"n":1}\n\n: still here\nid: d2\n\n'
CUT_OFF = "id: d3\nevent: decision\nda"
SECOND = 'id: d3\nevent: decision\ndata: {"n":3}\n\n'
GONE = (409, '{"detail": "you have heard enough"}')


def test_it_goes_on_where_it_was(serve):
    """With the last id that came whole, after the pause that the server asked for; what was cut off is no entry."""
    server, pauses, said = serve((200, FIRST + CUT_OFF), (503, ""), (200, SECOND), GONE), [], []
    begun, lost = (lambda: said.append("begun")), (lambda: said.append("lost"))
    client = StreamClient(server.url, "a key", "decisions", pauses.append, begun, lost)
    entries = []
    with pytest.raises(StreamRefused, match="you have heard enough"):
        entries.extend(client.entries())
    assert entries == [Entry("d1", "decision", {"n": 1}), Entry("d3", "decision", {"n": 3})]
    assert [last for _, last, _ in server.asked] == [None, "d2", "d2", "d3"]
    assert {(path, key) for path, _, key in server.asked} == {("/v1/stream?topics=decisions", "Bearer a key")}
    assert pauses == [0.25] * 3
    assert said == ["begun", "lost", "lost", "lost"]


@pytest.mark.parametrize(("status", "told"), [(503, "16 clients"), (422, "16 clients"), (500, None)])
def test_a_refusal_is_told(serve, status, told):
    """In the server's words, or by its status."""
    server = serve((status, f'{{"detail": "{told}"}}' if told else "<html>"))
    with pytest.raises(StreamRefused, match=told or "HTTP 500"):
        next(StreamClient(server.url, "key", None).entries())


def test_nobody_there(serve):
    """The first attempt says so."""
    server = serve()
    server.close()
    with pytest.raises(httpx.TransportError):
        next(StreamClient(server.url, "key", None).entries())


DECISION = {
    "id": "auth_000000000001A",
    "decided_at": "2026-11-24T10:15:00.123456Z",
    "response_code": "51",
    "reason": "insufficient_funds",
    "amount": 1250,
    "currency": "EUR",
    "operation": "purchase",
    "channel": "contactless",
    "merchant": "A\x1b",
}
TIME = "2026-11-24T10:15:00Z"
EVENT = {"id": "evt_1", "type": "token.activated", "resource_id": "tok_1", "created_at": TIME, "data": {}}
MESSAGE = {"created_at": TIME, "method": "text_message", "recipient": "+49*89", "text": "123456 is your code"}


@pytest.mark.parametrize(
    ("event", "data", "line"),
    [
        (
            "decision",
            DECISION,
            "10:15:00.123  decision  auth_000000000001A  51 insufficient_funds  12.50 EUR  purchase, contactless  A?",
        ),
        ("event", EVENT, "10:15:00  event  token.activated  tok_1  evt_1"),
        ("message", MESSAGE, "10:15:00  message  text_message  +49*89  123456 is your code"),
        ("clock", {"now": TIME, "frozen": True}, f"10:15:00  clock  {TIME}  frozen"),
        ("clock", {"now": TIME, "frozen": False}, f"10:15:00  clock  {TIME}"),
        ("figures", {"commands": 7, "decisions": 3}, "figures  commands 7  decisions 3"),
        (
            "gap",
            {"from": "auth_1", "to": "auth_9"},
            "gap  decisions from auth_1 to auth_9 are left out: GET /v1/authorizations has them",
        ),
        ("gap", {"topic": "requests", "from": "1", "to": "9"}, "gap  requests from 1 to 9 are left out"),
        ("weather", {"rain": 1}, "{'rain': 1}"),
    ],
)
def test_one_line_each(event, data, line):
    """What a person wants to know, and no character that a console obeys."""
    assert line_of(Entry("d1", event, data)) == line
