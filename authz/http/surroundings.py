"""Dependencies that the serving application provides to the engine's routers.

What waits for nothing is `async`: FastAPI would hand it to a thread otherwise, and each of these hops takes time.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from authz.engine import Engine
from authz.history.explanations import Explanations
from authz.history.projection import Projection
from authz.journal.replay import History

_CATCH_UP_SECONDS = 2.0


async def current_engine(request: Request) -> Engine:
    """The engine behind the application."""
    engine: Engine = request.app.state.engine
    return engine


async def current_history(request: Request) -> History:
    """The journal and checkpoints behind the application."""
    history: History = request.app.state.history
    return history


async def current_explanations(request: Request) -> Explanations:
    """The explanations of decisions, shared by all callers."""
    explanations: Explanations = request.app.state.explanations
    return explanations


async def bare_projection(request: Request) -> Projection:
    """The history in its present state."""
    projection: Projection = request.app.state.projection
    return projection


async def current_bank_name(request: Request) -> Callable[[], str]:
    """What the bank calls itself towards cardholders. Call it in a thread: it asks a database."""
    bank_name: Callable[[], str] = request.app.state.bank_name
    return bank_name


async def current_projection(
    engine: Annotated[Engine, Depends(current_engine)], projection: Annotated[Projection, Depends(bare_projection)]
) -> Projection:
    """The history once it contains every decision that was answered, or after a time limit.

    After the time limit the answer says how far it reaches, see `authz.http.paging.as_of`.
    """
    await engine.settled()
    await asyncio.to_thread(projection.wait_for, engine.durable_sequence, _CATCH_UP_SECONDS)
    return projection


BankNameDependency = Annotated[Callable[[], str], Depends(current_bank_name)]
EngineDependency = Annotated[Engine, Depends(current_engine)]
ExplanationsDependency = Annotated[Explanations, Depends(current_explanations)]
HistoryDependency = Annotated[History, Depends(current_history)]
BareProjectionDependency = Annotated[Projection, Depends(bare_projection)]
ProjectionDependency = Annotated[Projection, Depends(current_projection)]
