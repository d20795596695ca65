"""A line's key for message authentication is its own: no other line has it forgotten, however many keys it asks for."""

import gc
import weakref

import numpy as np
import structlog.testing

from authz.iso8583.dialects.dialect_files import dialect_named
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.message_authentication import MacKey, sealed
from authz.network.dialect_gateway import DialectGateway, KeyExchange
from authz.network.peers import Peer
from tests.authz.network.test_dialect_gateway import Listening

DIALECT = dialect_named("bcd_1987")
KEY_REQUEST = {0: "0800", 7: "1124120000", 11: "000001", 70: "101"}
ECHO = {0: "0800", 7: "1124120000", 11: "000002", 70: "301"}
KEY = MacKey("aes", bytes(16))


def a_gateway():
    """One whose keys are all alike, so that a test knows them."""
    network = Listening()
    return DialectGateway(network, DIALECT, KeyExchange("aes", bytes(16), random_bytes=bytes)), network


def told(gateway, line, message):
    """Send one message."""
    encoded = codec.encode(message, DIALECT)
    with structlog.testing.capture_logs():
        gateway.receive(encoded, np.array([[0, len(encoded)]], np.int32), line, lambda *_: None)


def test_a_crowd_that_asks_for_keys_takes_nobodys():
    """Two thousand connections that each ask for one."""
    gateway, network = a_gateway()
    line, crowd = Peer("terminal"), [Peer(f"crowd:{number}") for number in range(2_000)]
    told(gateway, line, KEY_REQUEST)
    for each in crowd:
        told(gateway, each, KEY_REQUEST)
    told(gateway, line, sealed(ECHO, DIALECT, KEY))
    assert network.heard == [ECHO]


def test_a_key_lasts_as_long_as_its_line():
    """What is kept of connections is bounded by those that there are."""
    gateway, network = a_gateway()
    line = Peer("terminal")
    told(gateway, line, KEY_REQUEST)
    gone = weakref.ref(line)
    del line
    gc.collect()
    assert gone() is None
    told(gateway, Peer("terminal"), sealed(ECHO, DIALECT, KEY))
    assert network.heard == []
