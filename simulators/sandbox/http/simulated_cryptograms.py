"""``/v1/simulations/cryptograms``: how a cryptogram comes about step by step, and why somebody else's differs."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, model_validator

from simulators.sandbox.http.cryptogram_views import CryptogramCheckView
from tokenvault.callers.caller import Scope
from tokenvault.emv.diagnosis.differences import Believed
from tokenvault.http.fields.fields import Body, TokenId
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.tokens.cryptogram_checks import check_cryptogram
from tokenvault.tokens.tap_tags import tags_by_name, tags_of_chip_data

router = APIRouter(
    prefix="/v1/simulations/cryptograms",
    tags=["cryptograms"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(404, 409),
)

_INPUT_DIGITS_MAX = 2 * 4_096
CheckValue = Annotated[str, Field(pattern="^([0-9A-Fa-f]{2}){3,5}$")]
Cryptogram = Annotated[str, Field(pattern="^[0-9A-Fa-f]{16}$")]


class BelievedBody(Body):
    """What you have computed yourself. Give as much as you have: the first that differs is named."""

    card_key_check_value: CheckValue | None = Field(
        None,
        description="Check value of the card key, or of the limited-use key where one signs: 3 to 5 bytes.",
        examples=["08D7B4"],
    )
    session_key_check_value: CheckValue | None = Field(
        None, description="Check value of the session key: 3 to 5 bytes.", examples=["4FA2C1"]
    )
    input: str | None = Field(
        None,
        description="What the cryptogram is made over, hexadecimal, with its padding or without.",
        examples=[None],
        pattern="^([0-9A-Fa-f]{2})*$",
        max_length=_INPUT_DIGITS_MAX,
    )
    arqc: Cryptogram | None = Field(None, description="The cryptogram.", examples=["0123456789ABCDEF"])

    def parsed(self) -> Believed:
        """The same as bytes."""
        return Believed(
            _octets(self.card_key_check_value),
            _octets(self.session_key_check_value),
            _octets(self.input),
            _octets(self.arqc),
        )


def _octets(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


class CryptogramCheckRequest(Body):
    """A tap: its token, and its tags. Give one of `token_id` and `token_pan`, and one of `tags` and `chip_data`."""

    token_id: TokenId | None = Field(None, description="The token.", examples=["tok_05F1V9D8S3KYA"])
    token_pan: str | None = Field(
        None, description="The token by its token PAN.", examples=[None], pattern="^[0-9]{8,19}$", repr=False
    )
    tags: dict[str, str] | None = Field(
        None,
        description="Tags and their values, hexadecimal: those that the cryptogram covers, 9F10, and 9F26 if there is "
        "one to be compared. Others may be there; one that was signed by mistake is recognized.",
        examples=[
            {
                "9F02": "000000001250",
                "9F03": "000000000000",
                "9F1A": "0276",
                "95": "0000000000",
                "5F2A": "0978",
                "9A": "261124",
                "9C": "00",
                "9F37": "52BF4585",
                "82": "1980",
                "9F36": "0001",
                "9F10": "0601A603A00000",
                "9F26": "0123456789ABCDEF",
            }
        ],
        max_length=64,
    )
    chip_data: str | None = Field(
        None,
        description="The same as DE 55: BER-TLV in hexadecimal.",
        examples=[None],
        max_length=_INPUT_DIGITS_MAX,
    )
    believed: BelievedBody = Field(
        default_factory=lambda: BelievedBody.model_validate({}),
        description="What you have computed yourself.",
        examples=[{"arqc": "0123456789ABCDEF"}],
    )

    @model_validator(mode="after")
    def _names_one_of_each(self) -> "CryptogramCheckRequest":
        if (self.token_id is None) == (self.token_pan is None):
            raise ValueError("give exactly one of token_id and token_pan")
        if (self.tags is None) == (self.chip_data is None):
            raise ValueError("give exactly one of tags and chip_data")
        return self

    @property
    def tap_field(self) -> str:
        """The field that the tags stand in."""
        return "tags" if self.chip_data is None else "chip_data"

    def tap(self) -> dict[str, bytes]:
        """The tags as bytes. Raises: FieldError."""
        if self.chip_data is not None:
            return tags_of_chip_data(self.chip_data, self.tap_field)
        return tags_by_name(self.tags or {}, self.tap_field)


@router.post("/check")
def check_simulated_cryptogram(vault: VaultDependency, body: CryptogramCheckRequest) -> CryptogramCheckView:
    """Compute the cryptogram of a tap step by step, and find what is different in yours. Audited. Scope: sandbox.

    Keys are shown by their check values alone. Only tokens of the caller's tenant are found.
    """
    return CryptogramCheckView.of(
        check_cryptogram(
            vault,
            body.tap(),
            body.believed.parsed(),
            token_id=body.token_id,
            token_pan=body.token_pan,
            field=body.tap_field,
        )
    )
