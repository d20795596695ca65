"""``/v1/simulations/snapshots``: the state of the whole network under a name, and the way back to it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from simulators.sandbox.snapshots.snapshot_files import NAME_PATTERN, Saved
from simulators.sandbox.snapshots.snapshots import PutBack, Snapshots
from tokenvault.background.errands import in_thread
from tokenvault.callers.caller import Scope
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires
from tokenvault.vocabulary.identifiers import Prefix, to_text

router = APIRouter(
    prefix="/v1/simulations/snapshots",
    tags=["simulations"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(404, 409),
)

_SNAPSHOT = "Name of the snapshot."


def current_snapshots(request: Request) -> Snapshots:
    """The snapshots of the network."""
    snapshots: Snapshots = request.app.state.snapshots
    return snapshots


SnapshotsDependency = Annotated[Snapshots, Depends(current_snapshots)]
Name = Annotated[str, Path(description=_SNAPSHOT, examples=["prepared"], pattern=NAME_PATTERN)]


class SnapshotRequest(BaseModel):
    """A new snapshot."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        description="1 to 40 of a-z, 0-9, '-' and '_'; the first is a letter or digit.",
        examples=["prepared"],
        pattern=NAME_PATTERN,
    )
    replace: bool = Field(False, description="Whether a snapshot of this name may be replaced.", examples=[False])


class SnapshotView(BaseModel):
    """A snapshot."""

    name: str = Field(description=_SNAPSHOT, examples=["prepared"])
    saved_at: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00Z"])
    clock: datetime = Field(
        description="Time of the sandbox's clock, which goes back to it.", examples=["2026-12-24T10:15:00Z"]
    )
    frozen: bool = Field(description="Whether that clock was frozen.", examples=[False])
    sequence: int = Field(description="Number of the last command of the engine.", examples=[12])
    rows: int = Field(description="Number of the vault's rows.", examples=[120])
    bytes: int = Field(
        description="Size of its files; sealed segments of the journal take no room of their own.", examples=[483_328]
    )

    @classmethod
    def of(cls, saved: Saved) -> "SnapshotView":
        """Show one."""
        manifest = saved.manifest
        return cls(
            name=saved.name,
            saved_at=datetime.fromtimestamp(manifest.saved_at, UTC),
            clock=datetime.fromtimestamp(manifest.clock, UTC),
            frozen=manifest.is_frozen,
            sequence=manifest.sequence,
            rows=manifest.rows,
            bytes=saved.size,
        )


class SnapshotList(BaseModel):
    """Snapshots."""

    data: list[SnapshotView] = Field(description="By name.", examples=[[]])


class ResetView(BaseModel):
    """A network that is as it was."""

    snapshot: SnapshotView = Field(description="What it was put back to.", examples=[{"name": "prepared"}])
    authorizations_after: str = Field(
        description="Every authorization from now on has a greater identifier: none is used twice.",
        examples=["auth_0000000000014"],
    )
    seconds: float = Field(description="For how long decisions had to wait.", examples=[0.08])

    @classmethod
    def of(cls, done: PutBack, snapshot: SnapshotView) -> "ResetView":
        """Show what came of it."""
        return cls(
            snapshot=snapshot,
            authorizations_after=to_text(Prefix.AUTHORIZATION, done.numbers_after),
            seconds=round(done.seconds, 3),
        )


@router.post("", status_code=201)
async def save_snapshot(snapshots: SnapshotsDependency, body: SnapshotRequest) -> SnapshotView:
    """Save the state of the whole network under a name. Scope: sandbox."""
    folder = await snapshots.save(body.name, may_replace=body.replace)
    return SnapshotView.of(await in_thread(folder.read))


@router.get("")
def list_snapshots(snapshots: SnapshotsDependency) -> SnapshotList:
    """List snapshots. Scope: sandbox."""
    return SnapshotList(data=[SnapshotView.of(saved) for saved in snapshots.files.readable()])


@router.get("/{name}")
def read_snapshot(snapshots: SnapshotsDependency, name: Name) -> SnapshotView:
    """Read one snapshot. Scope: sandbox."""
    return SnapshotView.of(snapshots.readable(name).read())


@router.delete("/{name}", status_code=204)
async def delete_snapshot(snapshots: SnapshotsDependency, name: Name) -> None:
    """Delete a snapshot; the network stays as it is. Scope: sandbox."""
    await snapshots.delete(name)


@router.post("/{name}/reset")
async def reset_network(snapshots: SnapshotsDependency, name: Name) -> ResetView:
    """Put the whole network back as it was when the snapshot was saved. Scope: sandbox."""
    done = await snapshots.put_back(name)
    return ResetView.of(done, SnapshotView.of(await in_thread(snapshots.readable(name).read)))
