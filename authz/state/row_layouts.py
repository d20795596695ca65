"""How a row of each of the engine's tables is laid out."""

from authz.vocabulary.commands import record

ACCOUNT = record(
    [
        ("account_id", "u8"),
        ("limit_minor", "i8"),
        ("posted_minor", "i8"),
        ("held_minor", "i8"),
        ("transaction_limit_minor", "i8"),  # `NO_LIMIT` where it has none
        ("activity", "i4"),  # row + 1 of what is known of its use, 0 before the first
        ("currency", "u2"),
        ("segment", "u2"),
        ("billing", "i4"),  # row + 1 of its books, 0 before the first posting under a product
        ("next_event", "u2"),  # the next day at whose end its books change by themselves, 0 where there is none
        ("product", "u1"),  # 0 for none
        ("cut_day", "u1"),
        ("opened_day", "u2"),  # days since 1970-01-01 in UTC; 0 where an earlier version did not know it
        ("life_stage", "u1"),  # of its customer, as the issuer numbers them; 0 where it is not known
        ("is_pinned", "u1"),  # 1 where its segment is set and stays, 0 where it is classified
        ("holdings", "i4"),  # row + 1 of the first of what it holds, 0 where it holds nothing
    ]
)

CARD = record(
    [("card_id", "u8"), ("account_row", "i4"), ("state", "u4"), ("cells", "i4"), ("cells_version", "u4")],
)

ACTIVITY = record(
    [
        ("mean", "f8"),  # of the amounts of approved purchases
        ("squares", "f8"),  # sum of squared differences from the mean (Welford)
        ("last_us", "i8"),  # time of the last approval
        ("present_us", "i8"),  # time and place of the last approval with the card present
        ("latitude", "i4"),
        ("longitude", "i4"),
        ("first", "i4"),  # row + 1 of the first and last transaction
        ("last", "i4"),
        ("consecutive_declines", "u4"),
        ("cells", "i4"),  # where its meters' cells begin, and for which program they were made
        ("cells_version", "u4"),
        ("count", "u4"),  # of approved purchases, for their mean and spread
    ]
)
"""How an account, or a segment, has been used. Made with its first transaction: most accounts of a bank rest."""

CELL = record([("amount", "i8"), ("count", "i8"), ("tail", "i4"), ("head", "i4")])
"""What a meter shows for one subject.

It has counted the transactions up to head (row + 1), and taken off again those up to tail (row + 1).
"""

TOKEN = record(
    [
        # What every tap asks for: one line of memory, where rows begin on lines.
        ("token_pan", "u8"),
        ("atc_window", "u8"),  # bit n set: counter atc_highest - n was used
        ("verified", "i8"),  # row + 1 of the last approval with its cardholder verified
        ("account_row", "i4"),
        ("card_row", "i4"),
        ("token_created", "u4"),
        ("device_created", "u4"),
        ("cells", "i4"),
        ("cells_version", "u4"),
        ("limited_use_key", "u4"),  # index of the newest, 0 where its phone holds the card key
        ("channels", "u2"),
        ("expiry", "u2"),
        ("atc_highest", "u2"),
        ("state", "u1"),
        ("cryptogram_version", "u1"),
        ("key_index", "u1"),
        ("device_risk", "u1"),
        ("is_restricted", "u1"),  # 1 where merchant, country or amount are part of its domain
        ("spare", "u1"),
        # What its answers and rules tell of it.
        ("token_id", "u8"),
        ("token_requestor", "u8"),
        ("payment_account_reference", "S29"),
        ("spare_2", "u1"),
        ("spare_3", "u2"),
        # What few tokens have, and stand-in's count.
        ("key_until", "u4"),  # Unix seconds
        ("key_uses", "u4"),  # taps left
        ("earlier_key", "u4"),  # the one before it, which the phone may still use
        ("earlier_key_until", "u4"),
        ("earlier_key_uses", "u4"),
        ("stood_in_count", "u4"),
        ("merchant_key", "u8"),  # the only merchant where it may pay, 0 for any
        ("amount_max_minor", "i8"),  # of one transaction, in the account's currency; 0 for any
        ("countries", "i8"),  # where it may pay, see `commands.COUNTRIES_MAX`; 0 for everywhere
        ("stood_in_minor", "i8"),  # what stand-in approved in the outage with that number
        ("outage", "u4"),
        ("spare_4", "u4"),
        ("spare_5", "u8"),
        ("spare_6", "u8"),
    ]
)

TRANSACTION = record(
    [
        # What meters and lists ask of it again and again: so many bytes as a line of memory has.
        ("time_us", "i8"),
        ("billing_minor", "i8"),  # current_minor in the account's currency
        ("merchant_key", "u8"),
        ("token_row", "i4"),
        ("account_row", "i4"),
        ("original", "i4"),  # row + 1 of what it adds to, completes, reverses or refunds; 0 for none
        ("next_of_account", "i4"),  # row + 1 of the account's next transaction
        ("next_of_segment", "i4"),  # row + 1 of the next transaction of its segment
        # Of the first with its trace: row + 1 of the last that came, or its own where only reversals that came early
        # are behind it. 0 where it is alone.
        ("last_of_trace", "i4"),
        ("merchant_category", "u2"),
        ("country", "u2"),
        ("currency", "u2"),
        ("message_class", "u1"),  # MessageClass
        ("segment", "u1"),  # the account's when it came: in whose list it stands
        ("reason", "u2"),
        ("flags", "u2"),  # TransactionFlag
        ("operation", "u1"),
        ("cardholder_verification", "u1"),
        ("channel", "u1"),
        ("days_to_charge", "u1"),  # the local day on which it was charged last, see `local_days`
        # The rest.
        ("trace_key", "u8"),
        ("sequence", "i8"),  # the decision's, from 1
        ("amount_minor", "i8"),  # DE 4 as it came
        ("approved_minor", "i8"),  # how much of it was answered as approved
        ("current_minor", "i8"),  # that after increments and reversals
        ("held_minor", "i8"),  # what is still held of it
        # What completions posted of an authorization; what was charged back of a charge, and not presented again.
        ("completed_or_disputed_minor", "i8"),
        ("posted_minor", "i8"),  # what this row itself posted; negative for money given back
        ("given_back_minor", "i8"),  # refunded or charged back of it, in the account's currency
        (
            "refundable_minor",
            "i8",
        ),  # charged, neither reversed nor refunded; what a refund gave; in its own currency
        ("acquirer", "u8"),
        ("terminal", "S8"),
        ("retrieval_reference", "S12"),
        ("stan", "u4"),
        ("transmitted", "u4"),
        ("conversion_rate", "u4"),  # as in DE 10, 0 where nothing was converted
        ("next_to_expire", "i4"),  # row + 1 of the next hold whose time is up in the same hour
        ("expires_hour", "u4"),  # hours since 1970
    ]
)


FORCED = record([("subject", "u8"), ("terminal", "S8"), ("scope", "u4"), ("reason", "u4")])
"""A reason that the next authorization of a subject is declined for. reason: 0 where the row is free."""

CASE = record(
    [
        ("account_id", "u8"),
        ("sequence", "i8"),  # of the decision that opened it, which names it
        ("merchant_key", "u8"),  # where its pass is good, with the acquirer
        ("acquirer", "u8"),
        ("amount_minor", "i8"),  # what was referred, in the account's currency; the most that its pass is good for
        ("opened_us", "i8"),
        ("until_us", "i8"),  # how long its pass is good; 0 where it has none
        ("first_live", "i4"),  # of an account's first case: row + 1 of the newest of its live ones
        ("next_live", "i4"),  # row + 1 of the next older live one
        ("queue", "u1"),  # Queue
        ("status", "u1"),  # CaseStatus
        ("decision", "u1"),  # CaseDecision, 0 before the answer
        ("is_spent", "u1"),  # its pass was
        ("spare", "u4"),
    ]
)
"""A case, in order of sequence. It is live while it is open, and while it has a pass that can be spent."""
