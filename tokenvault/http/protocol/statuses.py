"""HTTP error statuses by name: the titles of RFC 9110, section 15.5 and 15.6, and of RFC 6585, the same for ever.

Python's own phrases follow the RFCs of the day (413 was `Request Entity Too Large` before it was `Content Too Large`),
and what a caller programs against must not change with the interpreter.
"""

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
}
_KINDS = {4: 400, 5: 500}


def title_of(status: int) -> str:
    """The name of an error status; one that is not in the table is treated as x00 (RFC 9110, 15)."""
    return TITLES.get(status) or TITLES[_KINDS.get(status // 100, 500)]


def code_of(status: int) -> str:
    """The `code` of an error that the framework itself answers, as `method_not_allowed`."""
    return title_of(status).lower().replace(" ", "_")


def detail_of(status: int) -> str:
    """The text for an error of the framework that has only a status."""
    return _DETAILS.get(status, f"the server answers {status}: {title_of(status)}")


_DETAILS = {
    400: "the body of the request cannot be read",
    404: "there is nothing at this address",
    405: "this address does not take this method; the header Allow names those that it takes",
}
