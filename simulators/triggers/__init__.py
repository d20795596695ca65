"""Events on request: for each type of event the calls of the HTTP API that make it happen on a running server."""
