"""Frames that nobody meant: each that is still a request gets one answer, and the server is as it was before.

    python -m tests.survival.fuzzed_frames [--frames 1000000] [--seed 1]

Requests are damaged by a seed: bytes flipped, inserted, removed, repeated, cut off; their type is left alone, so that
every one of them has to be answered.
"""

import argparse
import random
import socket
import tempfile
from pathlib import Path

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from authz.network.processor import framed
from benchmarks import machine
from simulators.parties.issuer_client import Issuer
from simulators.process.server_process import ServerProcess
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone

ECHO = {0: "0800", 7: "0101000000", 11: "987654", 70: "301"}
_TYPE_BYTES, _FRAME_BYTES_MAX = 4, 4_000
_SENT_TOGETHER = 200
_ANSWER_SECONDS = 30


def damaged(request, chance):
    """A request with one to six damages behind its type."""
    body = bytearray(request[_TYPE_BYTES:])
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(body) + 1)
        match chance.randrange(5):
            case 0 if body:
                body[place % len(body)] ^= 1 << chance.randrange(8)
            case 1:
                body[place:place] = chance.randbytes(chance.randint(1, 9))
            case 2:
                del body[place : place + chance.randint(1, 9)]
            case 3:
                body[place:place] = body[: chance.randint(0, 200)]
            case _:
                del body[place:]
    return request[:_TYPE_BYTES] + bytes(body[:_FRAME_BYTES_MAX])


def survive_frames(directory, frames, seed):
    """Send so many damaged frames; returns how many answers came. Raises: AssertionError."""
    chance = random.Random(seed)
    server = ServerProcess(directory / "data", "--log-level", "warning")
    try:
        requests = _requests(server)
        _sent(server.iso_address, [damaged(chance.choice(requests), chance) for _ in range(2_000)])
        before, answers = machine.resident_bytes(server.pid), 0
        for start in range(0, frames, _SENT_TOGETHER):
            count = min(_SENT_TOGETHER, frames - start)
            answers += _sent(server.iso_address, [damaged(chance.choice(requests), chance) for _ in range(count)])
        assert answers == frames, f"{answers} answers to {frames} requests"
        grown = machine.resident_bytes(server.pid) - before
        assert grown < 64 * 2**20 + 1_024 * frames, f"the server's memory has grown by {grown} bytes"
        requests = _requests(server)  # somebody new pays, as if nothing had been
        log = server.log_text()
        assert "Traceback" not in log, log[-3_000:]
    finally:
        assert server.stop() == 0
    return answers


def _requests(server):
    """What a terminal has sent for a new phone: a tap, its completion, a reversal, an echo test."""
    sent = []
    with Issuer(server.http_url) as issuer:
        phone = Phone(server.http_url)
        phone.provision(issuer.issue_card(issuer.open_account("EUR", 10**9)["id"])["id"])
        terminal = Terminal(server.iso_address)
        for taken_back in (False, True):
            receipt = terminal.pay(phone, 1_250)
            assert receipt.approved
            follow_up = terminal.reverse(receipt) if taken_back else terminal.complete(receipt, 1_250)
            sent += [receipt.request, follow_up.request]
        phone.close()
        terminal.close()
    return [codec.encode(message, built_in()) for message in (*sent, ECHO)]


def _sent(address, messages):
    """Send messages on a line of their own; how many answers came, to them and not to the echo test behind them."""
    with socket.create_connection(address, _ANSWER_SECONDS) as line:
        line.sendall(b"".join(framed(message) for message in messages))
        stream = line.makefile("rb")
        answers = 0
        try:
            while answers < len(messages):
                _read(stream)
                answers += 1
        except TimeoutError:
            return answers
        line.sendall(framed(codec.encode(ECHO | {11: "111111"}, built_in())))
        assert codec.decode(_read(stream), built_in())[11] == "111111", "there were more answers than messages"
    return answers


def _read(stream):
    """One framed message."""
    return stream.read(int.from_bytes(stream.read(2), "big"))


def main():
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1_000_000, help="how many (1000000)")
    parser.add_argument("--seed", type=int, default=1, help="which damages (1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tapwright-frames-") as folder:
        answers = survive_frames(Path(folder), options.frames, options.seed)
    print(f"{answers:,} answers to {options.frames:,} damaged requests")


if __name__ == "__main__":
    main()
