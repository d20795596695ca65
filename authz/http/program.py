"""``/v1/program``: limits, rules, rates and everything else that is configurable in decisions."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from authz.http.surroundings import EngineDependency
from authz.program.document import ProgramDocument
from authz.upkeep.program_switch import switch_program

router = APIRouter(prefix="/v1/program", tags=["rules"])
SCOPES = ("sandbox",)
STATUSES = ()


class ProgramView(BaseModel):
    """The program in force."""

    version: int = Field(description="Its number, 0 before the first was activated.", examples=[3])
    document: ProgramDocument = Field(
        description="Its limits, rules, rates and the rest; amounts in minor units.",
        examples=[{"time_zone": "Europe/Berlin"}],
    )


def _shown(document: ProgramDocument) -> ProgramDocument:
    """Without the offsets, which follow from the zone."""
    return document.model_copy(update={"utc_offsets": []})


@router.get("", response_model_by_alias=True)
async def read_program(engine: EngineDependency) -> ProgramView:
    """Read the program in force. Scope: sandbox."""
    return ProgramView(version=engine.program_version, document=_shown(engine.document))


@router.put("", response_model_by_alias=True)
async def replace_program(engine: EngineDependency, body: ProgramDocument) -> ProgramView:
    """Replace the program. It is validated as a whole and takes effect between two decisions. Scope: sandbox."""
    version = await switch_program(engine, lambda _: body)
    return ProgramView(version=version, document=_shown(body))
