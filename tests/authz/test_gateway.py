"""What a listener of another dialect hands on to the network."""

import json
from importlib.resources import files

import numpy as np
import pytest

from authz.gateway import DialectGateway
from authz.iso8583 import codec
from authz.iso8583.fields import Dialect, built_in

TABLE = json.loads(files("authz.iso8583").joinpath("dialects/bcd_1987.json").read_text())


class Listening:
    """A network that keeps what it is sent and answers nothing."""

    def __init__(self):
        self.heard = []

    def receive(self, chunk, frames, peer, reply):
        """Take messages in the network's own dialect."""
        self.heard += [codec.decode(chunk[start:end], built_in()) for start, end in frames.tolist()]
        reply(b"", len(frames))

    def refuse_format(self, fields, reason, peer):
        """Nothing is refused here."""
        raise AssertionError(reason)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ({"data_enc": "latin-1"}, "Café Zoë".ljust(40)),
        ({"data_enc": "utf-8"}, "Café Zoë".ljust(40)),
        ({"data_enc": "cp1047"}, "Café Zoë".ljust(40)),
        ({"data_enc": "utf-8", "len_type": 1, "len_enc": "bcd", "max_len": 99}, "Café Zoë"),
    ],
)
def test_names_and_third_bitmaps(entry, name):
    """A name outside ASCII stops no payment, however long its field is; fields above 128 stay on the line."""
    table = {**TABLE, "43": {**TABLE["43"], **entry}, "130": TABLE["48"]}
    dialect, network = Dialect.of("theirs", table), Listening()
    encoded = codec.encode({0: "0100", 11: "000123", 43: name, 128: "00" * 8, 130: "theirs"}, dialect)
    DialectGateway(network, dialect).receive(encoded, np.array([[0, len(encoded)]]), "peer", lambda _, __: None)
    assert network.heard == [{0: "0100", 11: "000123", 43: "Caf? Zo?".ljust(40)}]
