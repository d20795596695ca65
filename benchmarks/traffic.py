"""Ready-made authorization requests: signed taps of provisioned tokens, made before the clock starts."""

import os
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from authz.iso8583 import codec
from authz.iso8583.fields import built_in
from authz.network import framed
from simulators import test_values
from simulators.card.contactless_reader import CardAnswer
from simulators.issuer import Issuer
from simulators.phone import Phone
from simulators.terminal import Terminal
from tokenvault.emv.cryptogram import INPUT_TAGS, cryptogram_input
from tokenvault.emv.key_derivation import DerivationOption, card_key
from tokenvault.emv.mac import aes_cmac

CREDIT_LIMIT_MINOR = 10**12 - 1


def provision_phones(base_url: str, count: int) -> list[Phone]:
    """So many phones, each with an account, a card and an active token of its own, over the real API."""
    issuer = Issuer(base_url)
    phones = []
    for number in range(count):
        account = issuer.open_account("EUR", CREDIT_LIMIT_MINOR)
        phone = Phone(base_url, name=f"phone {number}")
        phone.provision(issuer.issue_card(account["id"])["id"])
        phone.close()
        phones.append(phone)
    issuer.close()
    return phones


class TapFactory:
    """Makes the taps of one token quickly: a whole request once, then only what differs is replaced.

    The card key comes from the sandbox's public test master key, as a real load test's would from its own.
    """

    def __init__(self, terminal: Terminal, phone: Phone, first_stan: int) -> None:
        self._transaction = terminal.start(100)
        self._card = phone.tap(self._transaction.values)
        self._terminal = terminal
        self._counter = int.from_bytes(self._card.values["9F36"], "big")
        self._stan = first_stan
        master = bytes.fromhex(test_values.EMV_MASTER_KEY_AES)
        key = card_key(master, self._card.track2.pan, self._card.pan_sequence_number, DerivationOption.C)
        self._cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        self._template = self._request(self._card)
        self._places = {
            name: self._template.index(value)
            for name, value in {
                "stan": self._template_message[11].encode(),
                "reference": self._template_message[37].encode(),
                "counter": b"\x9f\x36\x02" + self._card.values["9F36"],
                "cryptogram": b"\x9f\x26\x08" + self._card.values["9F26"],
            }.items()
        }
        values = self._transaction.values | self._card.values
        signed = cryptogram_input(values, values["9F10"])
        at = sum(len(values[tag]) for tag in INPUT_TAGS[:-1])
        self._signed_before, self._signed_after = signed[:at], signed[at + 2 :]

    def _request(self, card: CardAnswer) -> bytes:
        self._template_message = self._terminal.authorization_request(self._transaction, card)
        return framed(codec.encode(self._template_message, built_in()))

    def tap(self) -> bytes:
        """The next tap as a framed 0100: new counter, cryptogram, STAN and reference."""
        self._counter += 1
        self._stan += 1
        counter = self._counter.to_bytes(2, "big")
        session_key = self._cipher.update(counter + bytes(14))
        cryptogram = aes_cmac(session_key, self._signed_before + counter + self._signed_after)[:8]
        message = bytearray(self._template)
        self._put(message, "stan", b"%06d" % (self._stan % 1_000_000))
        self._put(message, "reference", b"%012d" % self._stan)
        self._put(message, "counter", b"\x9f\x36\x02" + counter)
        self._put(message, "cryptogram", b"\x9f\x26\x08" + cryptogram)
        return bytes(message)

    def _put(self, message: bytearray, name: str, value: bytes) -> None:
        start = self._places[name]
        message[start : start + len(value)] = value


def make_traffic(address: tuple[str, int], phones: list[Phone], count: int) -> list[bytes]:
    """count framed requests, tokens in turn, every one of which should be approved."""
    terminal = Terminal(address, clock=time.time, random_bytes=os.urandom)
    factories = [TapFactory(terminal, phone, number * 100_000) for number, phone in enumerate(phones)]
    terminal.close()
    return [factories[number % len(factories)].tap() for number in range(count)]
