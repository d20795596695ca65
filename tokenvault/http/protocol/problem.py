"""Errors as ``application/problem+json`` (RFC 9457), the same for every router of the network."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from tokenvault.http.protocol.current_request import REQUEST_ID, current_request
from tokenvault.http.protocol.methods import allowed_methods
from tokenvault.http.protocol.statuses import code_of, detail_of, title_of
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.vocabulary.errors import CallerError, FieldError, TooManyRequests

log = structlog.get_logger()

_RETRY_SECONDS = 2
MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One field that must be corrected."""

    field: str = Field(description="Path of the field, with dots between levels.", examples=["currency"])
    message: str = Field(description="The error, as a sentence fragment.", examples=["is not ISO 4217"])


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="URI reference of the kind of problem.", examples=["/problems/invalid_field"])
    title: str = Field(description="The HTTP status in words.", examples=["Unprocessable Content"])
    status: int = Field(description="The HTTP status code.", examples=[422])
    detail: str = Field(description="What happened, in one sentence.", examples=["currency: is not ISO 4217"])
    code: str = Field(description="Stable snake_case code for program logic.", examples=["invalid_field"])
    errors: list[FieldProblem] = Field(description="The fields to correct, if any.", examples=[[]])
    request_id: str | None = Field(
        None,
        description=f"Which request this is the answer to; the header `{REQUEST_ID}` has it too.",
        examples=["req_04M2Q8R6T1V9X"],
    )


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the error statuses that an endpoint can answer with, those of every call among them."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"model": Problem, "description": title_of(status), "content": {MEDIA_TYPE: schema}}
        for status in sorted({400, 401, 403, 422, 429, *statuses})
    }


def answer(
    status: int, code: str, detail: str, errors: list[FieldProblem] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """A problem document as a response. detail: one sentence, safe to show."""
    request = current_request.get()
    if request is not None:
        request.problem_code = code
    problem = Problem(
        type=f"/problems/{code}",
        title=title_of(status),
        status=status,
        detail=detail,
        code=code,
        errors=errors or [],
        request_id=None if request is None else request.id,
    )
    return JSONResponse(problem.model_dump(exclude_none=True), status, media_type=MEDIA_TYPE, headers=headers)


def caller_error_answer(error: CallerError) -> JSONResponse:
    """The answer to a caller's error."""
    fields = [FieldProblem(field=field, message=message) for field, message in error.fields]
    headers = {"WWW-Authenticate": "Bearer"} if error.status_hint == 401 else None
    if isinstance(error, TooManyRequests):
        headers = {"Retry-After": str(error.retry_after)}
    return answer(error.status_hint, error.code, error.message, fields, headers)


def refusal(error: CallerError | DatabaseUnavailable) -> JSONResponse:
    """The answer to a caller's error, or while the database is away."""
    return database_unavailable_answer(error) if isinstance(error, DatabaseUnavailable) else caller_error_answer(error)


def database_unavailable_answer(error: DatabaseUnavailable) -> JSONResponse:
    """The answer while the database is away or its disk is full; why is in the log."""
    log.error("database_unavailable", error=str(error))
    headers = {"Retry-After": str(_RETRY_SECONDS)}
    return answer(
        503, "database_unavailable", "the database is unavailable at present; try again later", headers=headers
    )


def _field_path(item: dict[str, Any]) -> str:
    """Where a validation error lies; what is not valid JSON at all has no fields, only a body.

    Parts in parentheses name an alternative of the schema, and are not in what was sent.
    """
    path = () if item["type"] == "json_invalid" else item["loc"][1:]
    return ".".join(str(part) for part in path if not str(part).startswith("(")) or "body"


def install(app: FastAPI) -> None:
    """Make every error of an application a problem document."""

    @app.exception_handler(CallerError)
    async def caller_error(_request: Request, error: CallerError) -> JSONResponse:
        return caller_error_answer(error)

    @app.exception_handler(RequestValidationError)
    async def validation_error(_request: Request, error: RequestValidationError) -> JSONResponse:
        # Only names and messages: the offending input itself may be a secret.
        fields = [
            FieldProblem(field=_field_path(item), message=item["msg"].removeprefix("Value error, "))
            for item in error.errors()
        ]
        detail = "; ".join(f"{field.field}: {field.message}" for field in fields)
        return answer(422, FieldError.code, detail, fields)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        # The framework's own text is Python's phrase for the status.
        status = error.status_code
        headers = dict(error.headers or {})
        if status == 405:
            headers["Allow"] = allowed_methods(request)
        return answer(status, code_of(status), detail_of(status), headers=headers)

    @app.exception_handler(DatabaseUnavailable)
    async def database_unavailable(_request: Request, error: DatabaseUnavailable) -> JSONResponse:
        return database_unavailable_answer(error)

    @app.exception_handler(Exception)
    async def our_error(_request: Request, _error: Exception) -> JSONResponse:
        # The error itself goes to the log; its text may hold what a caller must not see.
        return answer(500, "internal_error", "something went wrong on our side; it is in the server's log")
