"""The receiver of webhooks over a real socket: what it accepts, what it refuses, and that it goes on after each."""

import itertools
import socket
import threading

import httpx
import pytest

from simulators.listening import receiver as receiver_module
from simulators.listening.receiver import BODY_BYTES_MAX, Receiver
from tokenvault.outgoing.webhook_signatures import AGE_SECONDS_MAX, secret_bytes, signed_headers

SECRET = "whsec_dGFwd3JpZ2h0LXRlc3Qtc2VjcmV0"
OTHER_SECRET = "whsec_b3RoZXItdGVzdC1zZWNyZXQtMTI="
NOW = 1_790_000_000
BODY = b'{"type":"authorization.approved"}'


@pytest.fixture
def receiver():
    """One on a free port, whose clock stands still."""
    made = Receiver("127.0.0.1", 0, SECRET, now=lambda: NOW)
    yield made
    made.close()


def signed(body=BODY, secret=SECRET, at=NOW):
    """The headers of a delivery."""
    return signed_headers(secret_bytes(secret), "evt_0000000000001", at, body)


def sent_to(receiver, send):
    """What `send` got as its answer, and the delivery that the receiver told of."""
    answers = []
    sender = threading.Thread(target=lambda: answers.append(send()))
    sender.start()
    (delivery,) = itertools.islice(receiver.deliveries(), 1)
    sender.join()
    return answers[0], delivery


def post(receiver, headers, body=BODY):
    """Send one delivery as another server would."""
    return sent_to(receiver, lambda: httpx.post(f"{receiver.url}any/path", content=body, headers=headers))


def raw(receiver, request):
    """Send bytes that no library would; returns the first line of the answer, and the delivery."""

    def send():
        with socket.create_connection(("127.0.0.1", httpx.URL(receiver.url).port)) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return connection.makefile("rb").readline().decode().strip()

    return sent_to(receiver, send)


def test_a_valid_delivery(receiver):
    """Is answered with 204, and told with its body and its time."""
    answer, delivery = post(receiver, signed())
    assert (answer.status_code, answer.content) == (204, b"")
    assert (delivery.is_valid, delivery.body, delivery.received_at) == (True, BODY, NOW)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "its webhook-id is missing"),
        (signed(secret=OTHER_SECRET), "its signature is wrong"),
        (signed(body=BODY + b" "), "its signature is wrong"),
        (signed() | {"webhook-id": "evt_0000000000002"}, "its signature is wrong"),
        (signed() | {"webhook-signature": "v2,x v1,\u00e9".encode()}, "its signature is wrong"),
        (signed() | {"webhook-timestamp": "now"}, "not a time"),
        (signed(at=NOW - AGE_SECONDS_MAX - 1), "more than 300 s"),
        (signed(at=NOW + AGE_SECONDS_MAX + 1), "more than 300 s"),
    ],
)
def test_an_invalid_signature(receiver, headers, why):
    """Is answered with 401 and told why; the next delivery is served as if nothing had been."""
    answer, delivery = post(receiver, headers)
    assert answer.status_code == 401
    assert not delivery.is_valid
    assert delivery.problem.startswith("signature invalid: ")
    assert why in delivery.problem
    assert post(receiver, signed())[0].status_code == 204


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST / HTTP/1.1\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (f"POST / HTTP/1.1\r\ncontent-length: {BODY_BYTES_MAX + 1}\r\n\r\n".encode(), 413),
        (f"POST / HTTP/1.1\r\ncontent-length: {'9' * 5_000}\r\n\r\n".encode(), 413),
        (b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n{}", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 501),
        (b"\xff\xfe\x00 / nonsense\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
    ],
)
def test_what_is_no_delivery(receiver, request_bytes, status, capsys):
    """Is refused and told, without a traceback and before its body is read; the next delivery is served."""
    first_line, delivery = raw(receiver, request_bytes)
    assert f" {status} " in first_line or b"HTTP/" not in request_bytes  # HTTP/0.9 has no status line
    assert delivery.problem.startswith(f"refused: code {status}, ")
    assert post(receiver, signed())[0].status_code == 204
    assert capsys.readouterr() == ("", "")


def test_a_body_of_the_greatest_size(receiver):
    """Is taken."""
    body = b"x" * BODY_BYTES_MAX
    assert post(receiver, signed(body), body)[0].status_code == 204


def test_a_sender_that_says_nothing(receiver, monkeypatch):
    """Is given up, so that the next one gets its turn."""
    monkeypatch.setattr(receiver_module._Handler, "timeout", 0.05)
    with socket.create_connection(("127.0.0.1", httpx.URL(receiver.url).port)):
        (silent,) = itertools.islice(receiver.deliveries(), 1)
    assert "timed out" in silent.problem
    assert post(receiver, signed())[0].status_code == 204


def test_an_error_in_serving_one(receiver, monkeypatch, capsys):
    """Ends that request alone, in a word and without a traceback."""

    def fail(*_):
        raise ConnectionResetError

    def send():
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(receiver.url, content=BODY, headers=signed())

    with monkeypatch.context() as patched:
        patched.setattr(receiver_module, "verify_headers", fail)
        _, delivery = sent_to(receiver, send)
    assert delivery.problem == "not answered: ConnectionResetError"
    assert post(receiver, signed())[0].status_code == 204
    assert capsys.readouterr() == ("", "")


def test_the_secret_is_nowhere_to_be_seen(receiver):
    """Not in a representation, and not in the error about a wrong one."""
    _, delivery = post(receiver, signed())
    assert SECRET not in repr(receiver) + repr(delivery)
    with pytest.raises(ValueError, match="must be whsec_ and at least 16 bytes") as wrong:
        Receiver("127.0.0.1", 0, "whsec_dGVzdA==")
    assert "dGVzdA" not in str(wrong.value)


def test_ipv6():
    """Is an address like others."""
    try:
        made = Receiver("::1", 0, SECRET, now=lambda: NOW)
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert made.url.startswith("http://[::1]:")
    assert post(made, signed())[0].status_code == 204
    made.close()
