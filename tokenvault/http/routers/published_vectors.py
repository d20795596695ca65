"""``/v1/test_vectors``: published cryptograms of every profile, to hold an implementation against."""

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.emv.diagnosis.published_vectors import PublishedVector, published_vectors
from tokenvault.http.fields.fields import View
from tokenvault.http.fields.paging import Page, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires

router = APIRouter(prefix="/v1/test_vectors", tags=["cryptograms"], responses=problem.responses())

_KEY = "0123456789ABCDEFFEDCBA9876543210"


class TestVectorView(View):
    """One cryptogram from the issuer master key to the issuer's answer. All values are public, and protect nothing."""

    __test__ = False  # pytest takes classes with such a name for tests

    id: str = Field(description="Name of the vector.", examples=["vsdc-cvn-18-1"])
    profile: str = Field(description="Name of the profile.", examples=["VSDC CVN 18"])
    cryptogram_version: str = Field(description="Cryptogram version number, hexadecimal.", examples=["12"])
    cipher: Literal["TDES", "AES", "SM4"] = Field(description="The cipher of keys and MACs.", examples=["TDES"])
    issuer_key: str = Field(description="Issuer master key, hexadecimal.", examples=[_KEY])
    pan: str = Field(description="The PAN.", examples=["9999501012345678"])
    pan_sequence_number: str = Field(description="The PAN sequence number.", examples=["01"])
    card_key_derivation: str = Field(
        description="Option by which the card key is derived (EMV Book 2, A1.4); `SM` is Tapwright's own.",
        examples=["B"],
    )
    card_key: str = Field(description="Card key (ICC master key), hexadecimal.", examples=[_KEY])
    limited_use_key_index: str | None = Field(
        description="Index of the limited-use key, YHHHHCC; null where the card key signs.", examples=[None]
    )
    limited_use_key: str | None = Field(
        description="Limited-use key, hexadecimal; null where the card key signs.", examples=[None]
    )
    session_key_derivation: str = Field(
        description="How the session key is derived; `card key` means that the key signs by itself.",
        examples=["common"],
    )
    session_key: str = Field(description="Session key, hexadecimal.", examples=[_KEY])
    tags: dict[str, str] = Field(
        description="The tags that the cryptogram covers, hexadecimal.", examples=[{"9F36": "0001"}]
    )
    input: str = Field(description="What the cryptogram covers, unpadded, hexadecimal.", examples=["000000001250..."])
    padding: str = Field(description="What the MAC appends, hexadecimal.", examples=["8000000000000000"])
    arqc: str = Field(description="The cryptogram, hexadecimal.", examples=["0123456789ABCDEF"])
    arpc_method: str = Field(description="Method of the issuer's answer, and its key.", examples=["2 with session key"])
    arpc_data: str = Field(
        description="What the answer covers after the cryptogram: response code or card status update, hexadecimal.",
        examples=["00820000"],
    )
    arpc: str = Field(description="The issuer's answer, hexadecimal.", examples=["9AF514C1"])

    @classmethod
    def of(cls, vector: PublishedVector) -> "TestVectorView":
        """Show a vector."""
        computation, version, limited = vector.computation, vector.version, vector.limited_use_key
        return cls(
            id=vector.id,
            profile=version.name,
            cryptogram_version=f"{version.number:02X}",
            cipher=version.cipher,
            issuer_key=vector.issuer_key.hex().upper(),
            pan=vector.pan,
            pan_sequence_number=vector.psn,
            card_key_derivation=version.option,
            card_key=vector.card_key.hex().upper(),
            limited_use_key_index=vector.limited_use_key_index,
            limited_use_key=None if limited is None else limited.hex().upper(),
            session_key_derivation=version.session_key_method,
            session_key=computation.session_key.hex().upper(),
            tags={tag: value.hex().upper() for tag, value in vector.values.items()},
            input=computation.data.hex().upper(),
            padding=computation.padding.hex().upper(),
            arqc=computation.arqc.hex().upper(),
            arpc_method=version.arpc_method,
            arpc_data=vector.answer.hex().upper(),
            arpc=vector.arpc.hex().upper(),
        )


@router.get("", dependencies=[requires(Scope.WALLET, Scope.ISSUER, Scope.NETWORK, Scope.SANDBOX)])
def list_test_vectors() -> Page[TestVectorView]:
    """List the test vectors of every cryptogram profile, on one page. Scope: issuer, wallet, network or sandbox."""
    vectors = list(published_vectors())
    return page(vectors, len(vectors), TestVectorView.of)
