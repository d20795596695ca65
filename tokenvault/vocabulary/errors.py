"""Errors for callers, one class for each reaction. They are safe to show: no text here contains a secret."""


class CallerError(Exception):
    """A request that cannot be carried out; nothing was changed.

    code: stable snake_case name.  message: one sentence.  field: the offending field, if there is one.
    status_hint: the HTTP status for the response.
    """

    code = "bad_request"
    status_hint = 400

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The fields to correct, each with its error message."""
        return []


class FieldError(CallerError, ValueError):
    """A field whose value is not allowed; correct the field and call again."""

    code = "invalid_field"
    status_hint = 422

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.detail = message

    @property
    def fields(self) -> list[tuple[str, str]]:
        """See `CallerError.fields`."""
        return [(self.field, self.detail)]


class Unreadable(CallerError):
    """A body that cannot be parsed."""


class KeyUnavailable(Exception):
    """A key is missing, unreadable, or not the one that wrapped this database's keys. Nothing was changed."""


class NotFound(CallerError):
    """The object does not exist, or this caller may not see it."""

    code = "not_found"
    status_hint = 404


class Conflict(CallerError):
    """The object is in a state that does not allow this; read it before trying again."""

    code = "conflict"
    status_hint = 409


class Unauthenticated(CallerError):
    """The caller was not authenticated."""

    code = "unauthenticated"
    status_hint = 401


class Forbidden(CallerError):
    """The caller is authenticated but may not do this."""

    code = "forbidden"
    status_hint = 403


class TooManyRequests(CallerError):
    """The caller has exceeded its rate limit or is locked out; try again later. retry_after: seconds."""

    code = "too_many_requests"
    status_hint = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
