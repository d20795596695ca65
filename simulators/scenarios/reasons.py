"""All reasons that a step can have, so that an impossible expectation is reported before the run."""

import re

from authz.vocabulary.reasons import Reason
from tokenvault.http.protocol.statuses import TITLES, code_of
from tokenvault.provisioning.decision import OUTCOMES

TERMINAL_REASONS = (
    "approved_offline", "no_answer", "refused_by_terminal", "line_down", "cardholder_not_verified", "relay_suspected",
    "see_phone", "card_refuses", "no_application", "unreadable_card", "unreadable_code",
)  # fmt: skip
"""The reasons of a terminal, its reader and its connection, described in ``docs/qa-guide.md``."""

STEP_REASONS = (
    "done", "refused", "got_through", "no_network", "cannot_do_this", "no_such_payment", "no_such_code",
    "no_such_application", "no_such_case", "in_review",
    "no_statement", "no_such_plan", "no_such_posting", "nothing_due",
)  # fmt: skip
"""The reasons of a step itself: it needs no network, the phone has none, or its subject was never created."""

PROBLEM_CODES = (
    "already_ended", "already_in_relief", "application_in_review", "application_not_in_review",
    "bad_request", "card_closed", "case_answered", "case_expired", "channel_not_allowed", "code_expired",
    "conflict",
    "counter_used_up", "country_not_allowed", "customer_exists",
    "device_already_registered", "engine_stopped", "expiration_mismatch",
    "forbidden", "idempotency_key_in_use", "idempotency_key_reused", "identifiers_exhausted", "internal_error",
    "invalid_cryptogram", "invalid_dpop_proof", "invalid_field", "invalid_program", "key_already_there",
    "merchant_not_allowed", "missing_scope", "no_code_sent",
    "no_limited_keys", "no_phone", "no_resends_left", "no_token", "not_disputable",
    "not_found", "not_waivable", "pan_ineligible", "pan_range_exhausted", "pin_mismatch",
    "pin_not_set", "pin_tries_exceeded", "push_payload_used", "replayed_dpop_proof", "rotation_running",
    "server_unreachable",
    "snapshot_exists", "snapshot_not_written", "snapshot_of_another_network", "snapshot_unreadable",
    "token_already_exists", "token_expired", "token_not_on_file", "token_state_conflict", "tokenization_declined",
    "too_many_endpoints", "too_many_keys", "too_many_requests",
    "too_many_simulated", "unauthenticated", "verification_failed",
    "wrong_code", "wrong_device", "wrong_entry_mode",
)  # fmt: skip
"""The HTTP API's ``code`` of a problem, beside those that follow from the status; a test finds one that is missing."""

REASONS = frozenset(
    {reason.code for reason in Reason}
    | {str(outcome) for outcome in OUTCOMES.values()}
    | {code_of(status) for status in TITLES}
    | {*TERMINAL_REASONS, *STEP_REASONS, *PROBLEM_CODES}
)

_RESPONSE_CODE = re.compile(r"response_code_[0-9A-Z]{2}")
"""The reason where there was an answer without a decision."""


def is_reason(text: str) -> bool:
    """Whether a step can come out so."""
    return text in REASONS or _RESPONSE_CODE.fullmatch(text) is not None
