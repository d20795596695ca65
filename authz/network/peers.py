"""Peers of ISO 8583 connections, and the acquirers (DE 32) that each may send messages for.

DE 32 is only a claim. The port, the client certificate and the message authentication key each restrict the acquirers
that a peer may name, and all of these restrictions apply together. A peer that nothing restricts may name any acquirer
on an open port, and none on a strict one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

log = structlog.get_logger()

Acquirers = frozenset[int]
"""Acquirers as numbers: DE 32 without leading zeros."""

NOBODY: Acquirers = frozenset()
NOT_KNOWN, ANY_ACQUIRER = 2**62, 2**62 + 1
"""Special values of `Peer.usual_acquirer`. DE 32 has at most eleven digits, so no acquirer has such a number."""

FINGERPRINT = "sha256:"
"""The prefix that marks the name of a certificate as its fingerprint."""


class Peer:
    """The other end of one connection.

    address: IP address and port.  acquirers: those that it may send messages for; None if nothing restricts them:
    then any on an open port, and none on a strict one.
    """

    def __init__(self, address: str, acquirers: Acquirers | None = None, *, is_strict: bool = False) -> None:
        self.address = address
        self.acquirers = acquirers
        self.is_strict = is_strict
        self.usual_acquirer = NOT_KNOWN
        """The acquirer that was checked last. A batch is only checked message by message if it names another one."""
        self.is_translated = False
        """Whether the processor sees its messages translated from another dialect."""

    def may_speak_for(self, acquirer: int) -> bool:
        """Whether the peer may name this acquirer. An unrestricted peer that names a second one is logged once."""
        if self.acquirers is not None:
            if acquirer not in self.acquirers:
                return False
            self.usual_acquirer = acquirer
        elif self.is_strict:
            return False
        elif self.usual_acquirer == NOT_KNOWN:
            self.usual_acquirer = acquirer
        elif self.usual_acquirer not in (acquirer, ANY_ACQUIRER):
            log.warning(
                "line_speaks_for_many_acquirers",
                peer=self.address,
                acquirers=[str(self.usual_acquirer), str(acquirer)],
                advice="nothing proves that it may; see iso_acquirers and iso_acquirer_authority",
            )
            self.usual_acquirer = ANY_ACQUIRER
        return True

    def narrowed(self, acquirers: Acquirers) -> "Peer":
        """The same peer, restricted to the acquirers that it has authenticated for and that were already allowed."""
        left = acquirers if self.acquirers is None else self.acquirers & acquirers
        narrowed = Peer(self.address, left, is_strict=self.is_strict)
        narrowed.is_translated = self.is_translated
        return narrowed


@dataclass(frozen=True)
class ConnectionAuthority:
    """Which acquirers the peers of one port may send messages for.

    acquirers: those that any peer of the port may name; None if the port does not restrict them.
    by_certificate: acquirers by a client certificate's common name, its whole subject (RFC 4514), or ``sha256:`` and
    its fingerprint, 64 hexadecimal digits in lower case; empty if certificates do not restrict them.
    is_strict: whether a peer that nothing restricts may name none.
    """

    acquirers: Acquirers | None = None
    by_certificate: Mapping[str, Acquirers] = field(default_factory=dict)
    is_strict: bool = False

    @property
    def believes_nobody(self) -> bool:
        """Whether no peer of this port can be authorized for any acquirer, so that every payment message is refused."""
        return self.is_strict and self.acquirers is None and not self.by_certificate

    def peer(self, address: str, certificate: bytes | None = None) -> Peer:
        """The peer of a new connection. certificate: the client certificate of its TLS handshake, DER."""
        known = self.acquirers
        if self.by_certificate:
            shown = NOBODY if certificate is None else self._shown(certificate)
            known = shown if known is None else known & shown
        return Peer(address, known, is_strict=self.is_strict)

    def _shown(self, certificate: bytes) -> Acquirers:
        """The acquirers of a certificate, by any of its names."""
        return NOBODY.union(*(self.by_certificate.get(name, NOBODY) for name in certificate_names(certificate)))


OPEN = ConnectionAuthority()
"""A port that restricts nothing: its peers may name any acquirer."""


def certificate_names(certificate: bytes) -> set[str]:
    """The names by which settings can identify a certificate: common names, subject, fingerprint. certificate: DER."""
    parsed = x509.load_der_x509_certificate(certificate)
    common_names = {str(each.value) for each in parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
    return {*common_names, parsed.subject.rfc4514_string(), FINGERPRINT + parsed.fingerprint(SHA256()).hex()}
