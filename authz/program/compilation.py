"""Compiles a program document into the arrays that the kernel reads."""

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from authz.arrays.hash_index import text_key
from authz.program.categories import category_rows, group_names, need_names, scene_names
from authz.program.conditions import (
    ATTRIBUTE_BY_CODE,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Filter,
    Not,
    comparisons,
    form_of,
    meter_of,
)
from authz.program.document import Limit, ProgramDocument, ProgramInvalid, Rule, subject_number
from authz.program.offers import offer_rows
from authz.program.periods import period_of
from authz.program.segments import desk_queues, terms_rows
from authz.program.settings import fill_in, rate_tables
from authz.program.tables import (
    FILTER,
    INSTRUCTION,
    LIMIT,
    MATCH,
    METER,
    METERS_MAX,
    NO_MATCH,
    NUMBER_LIMITS,
    NUMBER_METERS,
    NUMBER_NEEDED,
    NUMBER_RULES,
    NUMBER_SEGMENTS,
    NUMBER_TEST_AMOUNTS,
    NUMBER_VERSION,
    NUMBERS,
    OFFER,
    RULE,
    SEGMENT,
    SEGMENT_MEASURES_MAX,
    TERMS,
    Action,
    Operator,
    Outcome,
    Program,
    Scope,
)
from authz.program.units import unit_rows
from authz.program.utc_offsets import offset_rows
from authz.vocabulary.attributes import HUNDREDTHS, MEASURES_MAX, Attribute, Form
from authz.vocabulary.commands import CardholderVerification, Channel, Operation, Records
from authz.vocabulary.layouts import CATEGORIES
from authz.vocabulary.reasons import Reason
from tokenvault.reference_data.currencies import CURRENCIES

MERCHANT_CHARACTERS = 15

_ALL_32, _ALL_64 = (1 << 32) - 1, (1 << 64) - 1
_REASON_OF = {
    Action.ALLOW: Reason.APPROVED,
    Action.FLAG: Reason.APPROVED,
    Action.ASK: Reason.APPROVED,
    Action.STEP_UP: Reason.STEP_UP_REQUIRED,
    Action.REFER: Reason.REFER_TO_ISSUER,
}


def compiled_program(document: ProgramDocument, version: int) -> Program:
    """The arrays of a checked document."""
    numbers = np.zeros(NUMBERS, np.int64)
    numbers[NUMBER_VERSION] = version
    currencies, rates = rate_tables(document.rates)
    rows = CompiledRows(document)
    limits = rows.limits()
    rules = rows.rules()
    offers = list(offer_rows(document.offers, rows.filter_of))
    units = unit_rows(document.units, rows.filter_of)
    # What follows is asked when accounts are classified, and costs a payment nothing.
    numbers[NUMBER_METERS], derived = len(rows.meters), len(rows.derived)
    numbers[NUMBER_NEEDED] = _mask({row[1] for row in rows.instructions} & set(Attribute))
    segments, measured = rows.segments()
    numbers[NUMBER_SEGMENTS] = len(segments)
    numbers[NUMBER_LIMITS], numbers[NUMBER_RULES] = len(document.limits), len(rules)
    numbers[NUMBER_TEST_AMOUNTS] = int(document.test_amounts)
    fill_in(numbers, document.stand_in, document.cash_verification, document.desk)
    meters = _table(rows.meters, METER)
    cell_of, cells_of_scope = _cells(meters[: numbers[NUMBER_METERS]])
    return Program(
        categories=category_rows(document.categories, document.scenes),
        currencies=currencies,
        rates=rates,
        offsets=offset_rows(document.utc_offsets),
        filters=_table(rows.filters, FILTER),
        meters=meters,
        cell_of=cell_of,
        cells_of_scope=cells_of_scope,
        limits=limits,
        rules=_table(rules, RULE),
        instructions=_table(rows.instructions, INSTRUCTION),
        set_starts=np.array([0, *accumulate(map(len, rows.sets))], np.int32),
        set_values=np.array([value for each in rows.sets for value in each] or [0], np.int64),
        derived=_pairs(rows.derived[:derived]),
        measured=_pairs(measured),
        measured_at=rows.measured_at(measured),
        segments=_table(segments, SEGMENT),
        terms=_table(list(terms_rows(document.products, document.segments)), TERMS),
        units=units,
        offers=_table(offers, OFFER),
        queues=desk_queues(document.segments),
        numbers=numbers,
    )


def _pairs(pairs: list[tuple[int, int]]) -> npt.NDArray[np.int32]:
    return np.array(pairs, np.int32).reshape(len(pairs), 2)


def _table(rows: list[tuple[int, ...]], dtype: np.dtype[np.void]) -> Records:
    """Rows as an array with at least one, so that compiled code always sees the same kind of array."""
    table = np.zeros(max(1, len(rows)), dtype)
    table[: len(rows)] = rows
    return table


def _cells(meters: Records) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Each meter's place among those of its scope, and how many there are of each scope."""
    cell_of, cells_of_scope = np.zeros(max(1, len(meters)), np.int32), np.zeros(len(Scope), np.int32)
    for number, scope in enumerate(meters["scope"].tolist()):
        cell_of[number] = cells_of_scope[scope]
        cells_of_scope[scope] += 1
    return cell_of, cells_of_scope


class CompiledRows:
    """Rows in the making. Filters, meters and sets that are alike are kept once."""

    def __init__(self, document: ProgramDocument) -> None:
        self._document = document
        self._groups = group_names(document.categories)
        self.filters: list[tuple[int, ...]] = []
        self.meters: list[tuple[int, ...]] = []
        self.sets: list[tuple[int, ...]] = []
        self.instructions: list[tuple[int, ...]] = []
        self.derived: list[tuple[int, int]] = []
        self._derived_of: dict[tuple[int, bool], int] = {}

    def limits(self) -> Records:
        """The rows of the document's limits."""
        rows = []
        for limit in self._document.limits:
            number = self._filter(limit.where, limit.currency)
            alone = limit.window == "transaction"
            meter = -1 if alone else self._meter_of(limit)
            bounds = (-1 if bound is None else bound for bound in (limit.count_max, limit.amount_max))
            rows.append((*bounds, meter, number, Reason[limit.reason.upper()]))
        return _table(rows, LIMIT)

    def filter_of(self, where: Filter) -> int:
        """The number of a filter for accounts of any currency."""
        return self._filter(where, None)

    def _meter_of(self, limit: Limit) -> int:
        """The meter of a limit. Limits of different segments share it: which segments they are about is their own."""
        of_all_segments = limit.where.model_copy(update={"segments": []})
        counted = self._filter(of_all_segments, limit.currency)
        return self._meter(limit.scope, limit.window, Outcome.APPROVED, counted)

    def rules(self) -> list[tuple[int, ...]]:
        """The rows of the document's rules, drafts left out."""
        rows: list[tuple[int, ...]] = []
        for rule in active_rules(self._document):
            first = self._condition(rule.when, MATCH, NO_MATCH)
            scope = Scope[rule.applies_to.scope.upper()]
            subject = 0 if rule.applies_to.id is None else subject_number(rule.applies_to.scope, rule.applies_to.id)
            action = Action[rule.action.upper()]
            reason = Reason[rule.reason.upper()] if action is Action.DECLINE else _REASON_OF[action]
            rows.append((subject, scope, action, reason, int(rule.state == "live"), first, 0))
        return rows

    def segments(self) -> tuple[list[tuple[int, ...]], list[tuple[int, int]]]:
        """The rows of the segments that have a condition, and what of `derived` these look at. Rules come first."""
        rows: list[tuple[int, ...]] = []
        places: set[int] = set()
        for segment in self._document.segments:
            if segment.when is not None:
                rows.append((self._condition(segment.when, MATCH, NO_MATCH), segment.number))
                places |= {self._attribute(comparison) for comparison in comparisons(segment.when)}
        return rows, [pair for pair in self.derived if pair[0] in places]

    def measured_at(self, measured: list[tuple[int, int]]) -> npt.NDArray[np.uint64]:
        """For each merchant category, bit by place, which of the counts and sums of segments it can count for."""
        if len(measured) > SEGMENT_MEASURES_MAX:
            raise ProgramInvalid([("segments", f"must use at most {SEGMENT_MEASURES_MAX} different counts and sums")])
        masks = np.zeros(len(CATEGORIES), np.uint64)
        for place, (_, meter) in enumerate(measured):
            filter_of_meter = dict(zip(METER.names or (), self.meters[max(meter, -1 - meter)], strict=True))["filter"]
            categories = dict(zip(FILTER.names or (), self.filters[filter_of_meter], strict=True))["categories"]
            masks[slice(None) if categories < 0 else list(self.sets[categories])] |= np.uint64(1 << place)
        return masks

    def places_by_rule(self) -> list[list[tuple[Comparison, int]]]:
        """For each rule its comparisons, and the places of their attributes among a decision's values."""
        self.rules()
        return [
            [(comparison, self._attribute(comparison)) for comparison in comparisons(rule.when)]
            for rule in active_rules(self._document)
        ]

    def _condition(self, condition: Condition, if_true: int, if_false: int) -> int:
        """Instructions for a condition, written from the end, so that jumps are known; returns where to begin."""
        match condition:
            case AllOf():
                for part in reversed(condition.all):
                    if_true = self._condition(part, if_true, if_false)
                return if_true
            case AnyOf():
                for part in reversed(condition.any):
                    if_false = self._condition(part, if_true, if_false)
                return if_false
            case Not():
                return self._condition(condition.not_, if_false, if_true)
            case _:
                return self._comparison(condition, if_true, if_false)

    def _comparison(self, comparison: Comparison, if_true: int, if_false: int) -> int:
        attribute = self._attribute(comparison)
        form = form_of(comparison.attribute)

        def instruction(operator: Operator, value: int, then: int, otherwise: int) -> int:
            self.instructions.append((value, attribute, operator, then, otherwise))
            return len(self.instructions) - 1

        def known(first: int) -> int:
            """What is not known compares as false, whichever way the comparison is turned round."""
            return instruction(Operator.IS_UNKNOWN, 0, if_false, first)

        def number(value: Any) -> int:
            return self._number(form, value)

        value = comparison.value
        match comparison.operator:
            case "is_unknown":
                return instruction(Operator.IS_UNKNOWN, 0, if_true, if_false)
            case "=":
                return instruction(Operator.EQUAL, number(value), if_true, if_false)
            case "!=":
                return known(instruction(Operator.EQUAL, number(value), if_false, if_true))
            case "<":
                return instruction(Operator.LESS, number(value), if_true, if_false)
            case "<=":
                return instruction(Operator.LESS_OR_EQUAL, number(value), if_true, if_false)
            case ">":
                return known(instruction(Operator.LESS_OR_EQUAL, number(value), if_false, if_true))
            case ">=":
                return known(instruction(Operator.LESS, number(value), if_false, if_true))
            case "in":
                return instruction(Operator.ONE_OF, self._set(map(number, value)), if_true, if_false)
            case "not_in":
                return known(instruction(Operator.ONE_OF, self._set(map(number, value)), if_false, if_true))
            case "between":
                least, greatest = map(number, value)
                at_most = instruction(Operator.LESS_OR_EQUAL, greatest, if_true, if_false)
                return known(instruction(Operator.LESS, least, if_false, at_most))

    def _attribute(self, comparison: Comparison) -> int:
        """The place of a comparison's attribute among a decision's values."""
        measured = meter_of(comparison.attribute)
        if measured is None:
            return ATTRIBUTE_BY_CODE[comparison.attribute]
        what, window = measured
        outcome = Outcome.DECLINED if what == "declines" else Outcome.APPROVED
        meter = self._meter(comparison.of, window, outcome, self._filter(comparison.where, None))
        return self._derived(meter, is_sum=what == "amount")

    def _derived(self, meter: int, *, is_sum: bool) -> int:
        place = self._derived_of.setdefault((meter, is_sum), len(Attribute) + len(self.derived))
        if place == len(Attribute) + len(self.derived):
            if len(self.derived) >= MEASURES_MAX:
                raise ProgramInvalid(
                    [("rules", f"rules and segments must use at most {MEASURES_MAX} different counts and sums")]
                )
            self.derived.append((place, -1 - meter if is_sum else meter))
        return place

    def _meter(self, scope: str, window: str, outcome: Outcome, filter_number: int) -> int:
        period, length_us = period_of(window)
        row = (length_us, Scope[scope.upper()], period, outcome, filter_number)
        number = _place(self.meters, row)
        if number >= METERS_MAX:
            raise ProgramInvalid(
                [("limits", f"limits and rules together use more than {METERS_MAX} different counts and sums")]
            )
        return number

    def _filter(self, where: Filter, currency: str | None) -> int:
        row = (
            _mask(self._groups.index(name) for name in where.category_groups) or _ALL_64,
            _mask(Channel[name.upper()] for name in where.channels) or _ALL_32,
            _mask(Operation[name.upper()] & 31 for name in where.operations) or _ALL_32,
            _mask(CardholderVerification[name.upper()] for name in where.cardholder_verification) or _ALL_32,
            self._categories_of(where),
            self._any_of(map(int, where.countries)),
            self._any_of(map(merchant_key, where.merchants)),
            self._any_of(where.segments),
            CURRENCIES[currency].number if currency else 0,
            int(where == Filter(segments=where.segments) and currency is None),
        )
        return _place(self.filters, row)

    def _categories_of(self, where: Filter) -> int:
        """The number of the set of merchant categories that a filter lets through, -1 for all.

        Where it names categories, scenes and needs, those that fit all of these: perhaps none.
        """
        given = [set(map(int, where.categories))] if where.categories else []
        scenes = self._document.scenes
        if where.scenes:
            given.append({code for each in scenes if each.scene in where.scenes for code in each.codes()})
        if where.needs:
            given.append({code for each in scenes if each.need in where.needs for code in each.codes()})
        return self._set(set.intersection(*given)) if given else -1

    def _any_of(self, values: Iterable[int]) -> int:
        """The number of a set of values, -1 where there are none, which stands for all."""
        row = set(values)
        return self._set(row) if row else -1

    def _set(self, values: Iterable[int]) -> int:
        """The number of a set of values. Nothing is in an empty one."""
        return _place(self.sets, tuple(sorted(set(values))))

    def _number(self, form: Form, value: Any) -> int:
        """A value as attributes hold it."""
        match form:
            case Form.DECIMAL:
                return round(float(value) * HUNDREDTHS)
            case Form.CURRENCY:
                return CURRENCIES[value].number
            case Form.GROUP:
                return self._groups.index(value)
            case Form.SCENE:
                return 1 + scene_names(self._document.scenes).index(value)
            case Form.NEED:
                return 1 + need_names(self._document.scenes).index(value)
            case Form.CHANNEL:
                return Channel[value.upper()]
            case Form.OPERATION:
                return Operation[value.upper()]
            case Form.VERIFICATION:
                return CardholderVerification[value.upper()]
            case Form.MERCHANT:
                return merchant_key(value)
            case _:
                return int(value)


def active_rules(document: ProgramDocument) -> list[Rule]:
    """The rules that are evaluated, live or shadow, in the order of their rows."""
    return [rule for rule in document.rules if rule.state != "draft"]


def _place(rows: list[tuple[int, ...]], row: tuple[int, ...]) -> int:
    """Where a row stands, entered if it is not there yet."""
    if row not in rows:
        rows.append(row)
    return rows.index(row)


def _mask(numbers: Iterable[int]) -> int:
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def merchant_key(merchant: str) -> int:
    """The number that stands for a card acceptor (DE 42)."""
    text = np.frombuffer(merchant.ljust(MERCHANT_CHARACTERS).encode("ascii"), np.uint8)
    return int(text_key(text, 0, MERCHANT_CHARACTERS))
