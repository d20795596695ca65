"""The server that one writes first: asyncio streams, `pyiso8583`, `pyemv`'s TLV, dictionaries. The yardstick.

It does the same job: ARQC verified, counter and balance checked, ARPC returned. With ``--durable`` each decision is
written and synced before its answer, as the job demands; without, nothing is kept, which flatters it.
"""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

import iso8583
import pyemv.tlv

from authz.iso8583.dialects.fields import FIELDS
from authz.network.processor import ISSUER_APPROVES
from simulators.parties import sandbox_constants
from tokenvault.emv.cryptograms.cryptogram import INPUT_TAGS
from tokenvault.emv.cryptograms.cryptogram_versions import TAPWRIGHT_AES
from tokenvault.emv.keys.key_derivation import DerivationOption, card_key

_DIALECT = Path(__file__).parent.parent / "authz/iso8583/dialects/ascii_1987.json"


def pyiso8583_spec() -> dict[str, dict[str, object]]:
    """The table of our dialect as `pyiso8583` takes it."""
    table = json.loads(_DIALECT.read_text())
    del table["about"]
    assert len(table) == FIELDS + 3
    return {key: {name: value for name, value in entry.items() if name != "content"} for key, entry in table.items()}


class PlainServer:
    """One process, one message at a time for each connection."""

    def __init__(self, journal: int | None) -> None:
        self._spec = pyiso8583_spec()
        self._journal = journal
        self._master = bytes.fromhex(sandbox_constants.EMV_MASTER_KEY_AES)
        self._card_keys: dict[str, bytes] = {}
        self._counters: dict[str, set[bytes]] = {}
        self._held: dict[str, int] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it ends."""
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                answer = self._answer(await reader.readexactly(length))
                writer.write(len(answer).to_bytes(2, "big") + answer)
        except asyncio.IncompleteReadError:
            writer.close()

    def _answer(self, raw: bytes) -> bytes:
        fields, _ = iso8583.decode(raw, self._spec)
        chip = pyemv.tlv.decode(bytes.fromhex(fields["55"]))
        pan = fields["35"].partition("=")[0]
        key = self._card_keys.get(pan)
        if key is None:
            key = self._card_keys[pan] = card_key(self._master, pan, fields["23"][1:], DerivationOption.C)
        values = {tag: chip[tag] for tag in (*INPUT_TAGS, "9F10")}
        arqc = TAPWRIGHT_AES.arqc(key, values)
        counters = self._counters.setdefault(pan, set())
        approved = arqc == chip["9F26"] and chip["9F36"] not in counters
        if approved:
            counters.add(chip["9F36"])
            self._held[pan] = self._held.get(pan, 0) + int(fields["4"])
        arpc = TAPWRIGHT_AES.arpc(key, int.from_bytes(chip["9F36"], "big"), chip["9F37"], arqc, ISSUER_APPROVES)
        if self._journal is not None:
            os.write(self._journal, json.dumps([fields["11"], fields["4"], approved]).encode() + b"\n")
            os.fdatasync(self._journal)
        answer = {name: fields[name] for name in ("3", "4", "7", "11", "32", "37", "41", "42", "49")}
        answer |= {"t": "0110", "39": "00" if approved else "88", "38": fields["11"]}
        answer["55"] = (b"\x91\x08" + arpc + ISSUER_APPROVES).hex().upper()
        encoded, _ = iso8583.encode(answer, self._spec)
        return bytes(encoded)


async def _run(journal_path: Path | None) -> None:
    journal = os.open(journal_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if journal_path else None
    server = await asyncio.start_server(PlainServer(journal).serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--durable", type=Path, metavar="FILE", help="write and sync each decision here")
    asyncio.run(_run(parser.parse_args().durable))
