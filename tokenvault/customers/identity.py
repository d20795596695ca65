"""Identity documents: known by a keyed hash alone, and what the simulated credit bureau says of who holds one.

The number of a document is secret. It comes in, is hashed, and is neither stored nor shown: the same document is found
again by its hash, which nobody without the vault's key can compute for all numbers that there are.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from tokenvault.customers.credit_decision import Outcome
from tokenvault.keys.key_ring import KeyPurpose, KeyRing
from tokenvault.keys.sealing import keyed_digest

SCORES = range(300, 851)
"""Scores that the bureau gives, the best last."""

_SEPARATORS = re.compile(r"[\s-]+")
_FORCED_OUTCOME = re.compile(rf"force_({'|'.join(Outcome)})(?:_.*)?")
_FORCED_SCORE = re.compile(r"force_score_([0-9]{3})(?:_.*)?")


class DocumentKind(StrEnum):
    """What an identity is proven by."""

    NATIONAL_ID = "national_id"
    PASSPORT = "passport"
    RESIDENCE_PERMIT = "residence_permit"


@dataclass(frozen=True)
class IdentityDocument:
    """A document. country: that issued it, ISO 3166-1 numeric.  number: secret.

    Numbers that begin with ``force_`` are for tests, see ``docs/test-values.md``.
    """

    kind: DocumentKind
    country: str
    number: str = field(repr=False)

    @property
    def canonical_number(self) -> str:
        """The number, secret, as it is hashed: however it is spaced, hyphenated or capitalized."""
        return _SEPARATORS.sub("", self.number).lower()


def identity_digest(keys: KeyRing, tenant: str, document: IdentityDocument) -> bytes:
    """What an issuer knows a document by, 32 bytes; another issuer knows it by something else."""
    purpose = KeyPurpose.IDENTITY_DIGEST
    return keyed_digest(keys, purpose, "customer", tenant, document.kind, document.country, document.canonical_number)


def bureau_score(keys: KeyRing, document: IdentityDocument) -> int:
    """What the simulated bureau says of who holds a document: the same to every issuer, and in every year."""
    forced = _FORCED_SCORE.fullmatch(document.canonical_number)
    if forced is not None:
        return min(max(int(forced[1]), SCORES[0]), SCORES[-1])
    purpose = KeyPurpose.IDENTITY_DIGEST
    digest = keyed_digest(keys, purpose, "bureau", document.kind, document.country, document.canonical_number)
    return SCORES[int.from_bytes(digest, "big") % len(SCORES)]


def forced_outcome(document: IdentityDocument) -> Outcome | None:
    """The outcome that the document of a test asks for."""
    forced = _FORCED_OUTCOME.fullmatch(document.canonical_number)
    return None if forced is None else Outcome(forced[1])
