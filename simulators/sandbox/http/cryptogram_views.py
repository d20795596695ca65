"""Cryptograms as callers see them when they check one: keys by their check values, and the input field by field."""

from typing import Literal

from pydantic import Field

from tokenvault.emv.diagnosis.computation import Computation, Step, check_value
from tokenvault.emv.diagnosis.diagnosis import Diagnosis, Given
from tokenvault.emv.diagnosis.differences import PADDING, Difference
from tokenvault.http.fields.fields import TokenId, View
from tokenvault.tokens.cryptogram_checks import CryptogramCheck
from tokenvault.vocabulary.pan import masked


class ProfileView(View):
    """How cryptograms of this token are made."""

    name: str = Field(description="Name of the profile.", examples=["VSDC CVN 18"])
    cryptogram_version: str = Field(description="Cryptogram version number, byte 3 of tag 9F10.", examples=["12"])
    cipher: Literal["TDES", "AES", "SM4"] = Field(description="The cipher of keys and MACs.", examples=["TDES"])
    card_key_derivation: str = Field(
        description="Option by which the card key comes from the issuer master key (EMV Book 2, A1.4); `SM` is "
        "Tapwright's own.",
        examples=["B"],
    )
    session_key_derivation: str = Field(
        description="How the session key comes from the card key; `card key` means that there is none, and the key "
        "signs by itself.",
        examples=["common"],
    )


class CardKeyView(View):
    """The key that session keys are derived from; never the key itself."""

    kind: Literal["card_key", "limited_use_key"] = Field(
        description="`card_key` is the ICC master key; `limited_use_key` is a key for a few taps of a phone without a "
        "secure element.",
        examples=["card_key"],
    )
    check_value: str = Field(description="Key check value, hexadecimal.", examples=["08D7B4"])
    issuer_key_index: int = Field(description="Which issuer master key, byte 2 of tag 9F10.", examples=[1])
    pan: str = Field(description="The token PAN that it is derived from, masked.", examples=["999950******5678"])
    pan_sequence_number: str = Field(description="The PAN sequence number.", examples=["01"])
    limited_use_key_index: str | None = Field(
        description="Index of the limited-use key in tag 9F10, YHHHHCC; null for a card key.", examples=[None]
    )


class SessionKeyView(View):
    """The key that signs this tap; never the key itself."""

    check_value: str = Field(description="Key check value, hexadecimal.", examples=["4FA2C1"])
    atc: str = Field(description="The application transaction counter that it is derived with.", examples=["0001"])


class InputFieldView(View):
    """One field of what the cryptogram covers."""

    tag: str | None = Field(description="The tag; null for padding.", examples=["9F36"])
    name: str = Field(description="Name of the field.", examples=["Application Transaction Counter"])
    value: str = Field(description="Its bytes, hexadecimal.", examples=["0001"])
    offset: int = Field(description="Where it begins, bytes.", examples=[31])
    length: int = Field(description="How long it is, bytes.", examples=[2])


class InputView(View):
    """What the cryptogram covers."""

    bytes: str = Field(description="All of it with its padding, hexadecimal.", examples=["000000001250..."])
    fields: list[InputFieldView] = Field(description="The same field by field, padding last.", examples=[[]])

    @classmethod
    def of(cls, computation: Computation) -> "InputView":
        """Show the input."""
        fields = [
            InputFieldView(
                tag=each.tag,
                name=each.name,
                value=each.value.hex().upper(),
                offset=each.offset,
                length=each.length,
            )
            for each in computation.fields
        ]
        data, padding = computation.data, computation.padding
        if padding:
            fields.append(
                InputFieldView(
                    tag=None, name=PADDING, value=padding.hex().upper(), offset=len(data), length=len(padding)
                )
            )
        return cls(bytes=(data + padding).hex().upper(), fields=fields)


class DifferenceView(View):
    """The first step in which what you have computed differs."""

    step: Step = Field(description="The step.", examples=["input"])
    message: str = Field(description="What differs, as a sentence fragment.", examples=["the cryptogram differs"])
    expected: str = Field(description="What is right: a check value, a field or a cryptogram.", examples=["0002"])
    given: str = Field(description="What you gave in its place.", examples=["0001"])
    tag: str | None = Field(description="Of the first field that differs; null for padding.", examples=["9F36"])
    name: str | None = Field(description="Its name.", examples=["Application Transaction Counter"])
    offset: int | None = Field(
        description="Where the first byte of the input is that differs; null for other steps.", examples=[32]
    )

    @classmethod
    def of(cls, difference: Difference) -> "DifferenceView":
        """Show a difference."""
        return cls(
            step=difference.step,
            message=difference.message,
            expected=difference.expected,
            given=difference.given,
            tag=difference.tag,
            name=difference.name,
            offset=difference.offset,
        )


class DiagnosisView(View):
    """A usual mistake with which what you gave comes out."""

    mistake: str = Field(
        description="Code of the mistake; `docs/cryptograms.md` lists them.", examples=["session_key_atc"]
    )
    message: str = Field(
        description="The mistake as a sentence fragment.", examples=["the session key was derived with another ATC"]
    )
    tag: str | None = Field(description="The tag that it is about, if any.", examples=["9F36"])
    explains: list[Given] = Field(
        description="What comes out with it, of that which was given and is not right: results of your own, and "
        "`received_arqc`, tag 9F26 of the tap.",
        examples=[["received_arqc"]],
    )

    @classmethod
    def of(cls, diagnosis: Diagnosis) -> "DiagnosisView":
        """Show a diagnosis."""
        finding = diagnosis.finding
        return cls(
            mistake=finding.mistake.code,
            message=finding.message,
            tag=finding.tag,
            explains=list(diagnosis.explains),
        )


class CryptogramCheckView(View):
    """A cryptogram step by step, and how far yours agrees."""

    token_id: TokenId
    profile: ProfileView = Field(description="How its cryptograms are made.", examples=[None])
    card_key: CardKeyView = Field(description="The key that it begins with.", examples=[None])
    session_key: SessionKeyView = Field(description="The key of this tap.", examples=[None])
    input: InputView = Field(description="What the cryptogram covers.", examples=[None])
    expected_arqc: str = Field(description="The right cryptogram.", examples=["0123456789ABCDEF"])
    received_arqc: str | None = Field(
        description="Tag 9F26 of the tap, null where it was not given.", examples=["0123456789ABCDEF"]
    )
    matches: bool | None = Field(
        description="Whether tag 9F26 is the right cryptogram; null where it was not given.", examples=[True]
    )
    first_difference: DifferenceView | None = Field(
        description="The first step in which what you have computed (`believed`) differs; null where all agrees.",
        examples=[None],
    )
    diagnoses: list[DiagnosisView] = Field(
        description="Usual mistakes, of which each alone makes a result come out that was given and is not right; at "
        "most five.",
        examples=[[]],
    )

    @classmethod
    def of(cls, check: CryptogramCheck) -> "CryptogramCheckView":
        """Show a check."""
        token, computation, version = check.token, check.computation, check.computation.version
        return cls(
            token_id=token.text_id,
            profile=ProfileView(
                name=version.name,
                cryptogram_version=f"{version.number:02X}",
                cipher=version.cipher,
                card_key_derivation=version.option,
                session_key_derivation=version.session_key_method,
            ),
            card_key=CardKeyView(
                kind="card_key" if check.limited_use_key is None else "limited_use_key",
                check_value=check_value(version.cipher, computation.base_key).hex().upper(),
                issuer_key_index=token.key_index,
                pan=masked(token.token_pan or ""),
                pan_sequence_number=token.pan_sequence_number,
                limited_use_key_index=check.limited_use_key,
            ),
            session_key=SessionKeyView(
                check_value=check_value(version.cipher, computation.session_key).hex().upper(),
                atc=f"{computation.atc:04X}",
            ),
            input=InputView.of(computation),
            expected_arqc=computation.arqc.hex().upper(),
            received_arqc=None if check.received is None else check.received.hex().upper(),
            matches=check.matches,
            first_difference=None if check.difference is None else DifferenceView.of(check.difference),
            diagnoses=[DiagnosisView.of(each) for each in check.diagnoses],
        )
