"""Lines: connections, and the acquirers (DE 32) that each may speak for.

DE 32 is what a message claims. What a line may claim is known by its port, its client certificate and its message
authentication key; each of them narrows what the others leave. A line of which nothing is known may speak for anybody
on an open port, and for nobody on a strict one.
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
"""What stands in place of an acquirer's number, see `Line.usual_acquirer`; DE 32 has eleven digits."""

FINGERPRINT = "sha256:"
"""How a fingerprint of a certificate begins where certificates are named."""


class Line:
    """One connection.

    peer: address and port.  acquirers: those that it may speak for; None where nothing is known: any, or where the port
    is strict none.
    """

    def __init__(self, peer: str, acquirers: Acquirers | None = None, *, is_strict: bool = False) -> None:
        self.peer = peer
        self.acquirers = acquirers
        self.is_strict = is_strict
        self.usual_acquirer = NOT_KNOWN
        """The one that the line may speak for and mostly does: only where a message names another is it asked again."""

    def may_speak_for(self, acquirer: int) -> bool:
        """Whether a message that names this acquirer is believed. An open line that names a second one is logged."""
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
                peer=self.peer,
                acquirers=[str(self.usual_acquirer), str(acquirer)],
                advice="nothing proves that it may; see iso_acquirers and iso_acquirer_authority",
            )
            self.usual_acquirer = ANY_ACQUIRER
        return True

    def narrowed(self, acquirers: Acquirers) -> "Line":
        """The same connection where it has proven to speak for some acquirers: what its port lets it say of them."""
        left = acquirers if self.acquirers is None else self.acquirers & acquirers
        return Line(self.peer, left, is_strict=self.is_strict)


@dataclass(frozen=True)
class ConnectionAuthority:
    """Who may speak for whom on one port.

    acquirers: those that any line here may speak for; None where the port says nothing.
    by_certificate: acquirers by a client certificate's common name, its whole subject (RFC 4514), or ``sha256:`` and
    its fingerprint, 64 hexadecimal digits in lower case; empty where certificates say nothing.
    is_strict: a line of which nothing is known speaks for nobody.
    """

    acquirers: Acquirers | None = None
    by_certificate: Mapping[str, Acquirers] = field(default_factory=dict)
    is_strict: bool = False

    @property
    def believes_nobody(self) -> bool:
        """Whether no line can prove anything here, so that all that it says of payments is refused."""
        return self.is_strict and self.acquirers is None and not self.by_certificate

    def line(self, peer: str, certificate: bytes | None = None) -> Line:
        """A connection that has come. certificate: what its client has shown and proven, DER."""
        known = self.acquirers
        if self.by_certificate:
            shown = NOBODY if certificate is None else self._shown(certificate)
            known = shown if known is None else known & shown
        return Line(peer, known, is_strict=self.is_strict)

    def _shown(self, certificate: bytes) -> Acquirers:
        """The acquirers that a certificate speaks for, by whichever of its names."""
        return NOBODY.union(*(self.by_certificate.get(name, NOBODY) for name in certificate_names(certificate)))


OPEN = ConnectionAuthority()
"""A port that knows nothing of its lines, and lets them speak for anybody."""


def certificate_names(certificate: bytes) -> set[str]:
    """What a certificate may be named by in settings: common names, subject, fingerprint. certificate: DER."""
    parsed = x509.load_der_x509_certificate(certificate)
    common_names = {str(each.value) for each in parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
    return {*common_names, parsed.subject.rfc4514_string(), FINGERPRINT + parsed.fingerprint(SHA256()).hex()}
