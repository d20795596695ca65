"""The HTTP face against its own OpenAPI document: whatever is sent, no 5xx, no undocumented status, no other shape."""

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from simulators.parties import sandbox_constants
from simulators.sandbox.wiring import running_sandbox
from tests.conftest import settings_for

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES_IN_ALL = 10_000


def fuzz(http_url, examples_of_each):
    """Send so many requests to each operation; returns how many were sent."""
    schema = schemathesis.openapi.from_url(f"{http_url}/openapi.json").exclude(path="/v1/stream")  # it has no end
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
    sent = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @hypothesis.settings(
            max_examples=examples_of_each,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        @hypothesis.given(operation.as_strategy())
        def send(case):
            nonlocal sent
            sent += 1
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=60)

        send()
    return sent


@pytest.mark.parametrize(
    "examples", [pytest.param(EXAMPLES_IN_ALL, marks=pytest.mark.slow, id="all"), pytest.param(100, id="some")]
)
def test_nothing_breaks_the_face(tmp_path, examples):
    """Every operation, with everything that its schema allows."""
    with running_sandbox(settings_for(tmp_path / "data")) as network:
        operations = 85
        sent = fuzz(network.http_url, -(-examples // operations))
    assert sent >= examples
