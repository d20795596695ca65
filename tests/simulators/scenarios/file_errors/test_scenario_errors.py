"""What is wrong in a scenario's file is found before it is played: by line, key, and what was meant."""

import os
import re
import typing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.cli.command_line import main
from simulators.scenarios.document import ScenarioError, parse_scenario
from simulators.scenarios.reasons import REASONS
from simulators.scenarios.scenario import Head
from simulators.scenarios.staging.cast import Cast, LinePart
from simulators.scenarios.steps.verbs import VERBS

ROOT = Path(__file__).parents[4]
HEAD = "scenario: A test\nsteps:\n"
CAST = """scenario: A test
cast:
  accounts:
    main: {}
    yen: {currency: JPY}
  cards:
    main: {}
    tokyo: {account: yen}
  phones:
    phone: {}
    ada: {card: tokyo}
  terminals:
    terminal: {}
    atm: {kind: atm, id: ATM00001}
    bistro: {kind: restaurant, id: BISTRO01}
steps:
"""


def problems_of(text):
    """All that is said of a text; empty where it is a scenario."""
    try:
        parse_scenario(text, "s")
    except ScenarioError as error:
        return error.problems
    return []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "s:1: is not a scenario"),
        ("- a\n- b", "s:1: is not a scenario"),
        ("scenario: [", "s:1: is not valid YAML"),
        ("scenario: A test\n", "s:1: lacks steps"),
        ("steps: []\n", "s:1: scenario: is missing"),
        ("scenario: A\nsteps: 5\n", "s:2: steps are a list"),
        (HEAD + "  - fly: {}\n", "s:3: a step has one verb, not fly"),
        (HEAD + "  - tap: {amount: 1}\n    buy: {amount: 1}\n", "s:3: a step has one verb, not tap, buy"),
        (
            HEAD + "  - tap: {amount: 1.00, at: nowhere}\n",
            "s:3: tap.at: there is no terminal 'nowhere'; known: terminal",
        ),
        (HEAD + "  - tap:\n      amount: 1.00\n      colour: red\n", "s:5: tap.colour: there is no such key"),
        (HEAD + "  - tap:\n      amount: much\n", "s:4: tap.amount: 'much' is not an amount"),
        (HEAD + "  - tap: {amount: 1 XYZ}\n", "s:3: tap.amount: 'XYZ' is not an ISO 4217 code"),
        (HEAD + "  - tap: {}\n", "s:3: tap.amount: is missing"),
        (HEAD + "  - clock: {advance: soon}\n", "s:3: clock.advance: 'soon' is not a duration"),
        (HEAD + "  - reverse: {of: lunch}\n", "s:3: reverse.of: there is no earlier step with the name 'lunch'"),
        (HEAD + "  - repeat: many\n    steps: []\n", "s:3: repeat takes a number and steps"),
        (HEAD + "  - one_of: {}\n", "s:3: one_of takes a list"),
        (HEAD + "  - tap: 12\n", "s:3: tap takes a mapping"),
        (HEAD + "  - tap: {amount: 1}\n    tap: {amount: 2}\n", "s:4: tap comes twice"),
        (
            "scenario: A\ncast:\n  phones:\n    p: {kind: toaster}\nsteps: []\n",
            "s:4: cast.phones.p.kind: 'toaster' is not one of phone, watch, band, car",
        ),
        (
            "scenario: A\ncast:\n  phones:\n    p:\n      card: gold\nsteps: []\n",
            "s:5: cast.phones.p.card: there is no card 'gold'",
        ),
        ("scenario: A\nsteps: []\n", "s:2: there is no step"),
        (HEAD + "  - repeat: 2\n    steps: []\n", "s:4: there is no step"),
        ("scenario: A\ncolour: red\nsteps: []\n", "s:2: colour: there is no such key"),
    ],
)
def test_what_is_wrong_is_said_by_line(text, problem):
    """The line, the place, and what would be right."""
    with pytest.raises(ScenarioError) as refused:
        parse_scenario(text, "s")
    assert any(each.startswith(problem) for each in refused.value.problems), refused.value.problems


def test_everything_that_is_wrong_is_said_at_once():
    """Not only the first."""
    with pytest.raises(ScenarioError) as refused:
        parse_scenario(HEAD + "  - fly: {}\n  - tap: {amount: x}\n  - tap: {amount: 1, at: moon}\n", "s")
    assert [problem.split(":")[1] for problem in refused.value.problems] == ["3", "4", "5"]


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("tap: {amount: -3.50}", "tap.amount: '-3.50' is negative"),
        ("tap: {amount: 3.505}", "tap.amount: 3.505 has more decimals than EUR, which has 2 decimals"),
        ("tap: {amount: 3.50, phone: ada}", "tap.amount: 3.50 has more decimals than JPY, which has no decimals"),
        ("tap: {amount: 3.5 JPY}", "tap.amount: 3.5 has more decimals than JPY"),
        ("tap: {amount: 3,50}", "tap.50: '3,50' is not an amount: decimals stand behind a point; did you mean 3.50?"),
        (
            "tap:\n      amount: 3,50",
            "tap.amount: '3,50' is not an amount such as 12.50 or 12.50 USD; did you mean 3.50?",
        ),
        ("balance: {}\n    expect: {held: 3,50}", "expect.50: '3,50' is not an amount: decimals stand behind a point"),
        (
            "set_program: {limits: [{id: a, window: day, amount_max: 3,50, currency: EUR}]}",
            "set_program.limits.0.50: '3,50' is not a whole number: a program's amounts are in minor units",
        ),
        (
            'set_program: {stand_in: {amount_max: "3,50", total_max: 8000, count_max: 3}}',
            "set_program.stand_in.amount_max: '3,50' is not a whole number: a program's amounts are in minor units",
        ),
        (
            "set_program: {stand_in: {amount_max: 3.50, total_max: 8000, count_max: 3}}",
            "set_program.stand_in.amount_max: 3.5 is not a whole number: a program's amounts are in minor units",
        ),
        ("tap: {amount: 2,500}", "tap.500: '2,500' is not an amount: thousands stand together; did you mean 2500?"),
        (f"tap: {{amount: {'9' * 5000}}}", f"tap.amount: {'9' * 60}... EUR has more than 12 digits"),
        (f"balance: {{}}\n    expect: {{held: -{'9' * 5000}}}", f"expect.held: -{'9' * 59}... EUR has more than 12"),
        (f"tap: {{amount: 1.{'0' * 40}1}}", f"tap.amount: 1.{'0' * 40}1 has more decimals than EUR"),
        ("set_phone: {}", "set_phone: changes nothing: say one of locked, network, clock_ahead, tampered"),
        (
            "set_program: {limits: [{id: cash, window: day, count_max: 1}]}\n"
            "  - tap: {amount: 1}\n    expect: {failed_check: limit cahs}",
            "expect.failed_check: no step set_program before has a limit 'cahs'; known: cash; did you mean cash?",
        ),
        (
            "set_program: {rules: []}\n  - tap: {amount: 1}\n    expect: {rules: [night]}",
            "expect.rules: no step set_program before has a rule 'night'; known: none",
        ),
        ("tap: {amount: 1e3}", "tap.amount: '1e3' is not an amount"),
        ("tap: {amount: nan}", "tap.amount: 'nan' is not an amount"),
        ("tap: {amount: 10000000000.00}", "tap.amount: 10000000000.00 EUR has more than 12 digits"),
        (
            "tap: {amount: 1.00 EURO}",
            "tap.amount: 'EURO' is not an ISO 4217 code of a currency with a minor unit; did you mean EUR?",
        ),
        ("tap: {amount: {between: [9, 1]}}", "tap.amount: 9 is more than 1"),
        ("tap: {amount: {between: 5}}", "tap.amount: a range is {between: [1.00, 20.00]}"),
        ("tap: {amount: {between: [1 EUR, 2 USD]}}", "tap.amount: the ends 1 EUR and 2 USD are not of one currency"),
        ("tap: {amount: 5, cash_back: 2 USD}", "tap.cash_back: 2 USD is not in EUR"),
        (
            "tap: {amont: 5}",
            "tap.amont: there is no such key; there are amount, at, cash_back, phone, preauthorization; did you mean "
            "amount?",
        ),
        (
            "tap: {amount: 5, phone: phnoe}",
            "tap.phone: there is no phone 'phnoe'; known: ada, phone; did you mean phone?",
        ),
        ("tap: {amount: 5, preauthorization: maybe}", "tap.preauthorization: 'maybe' is neither yes nor no"),
        (
            "withdraw: {amount: 50, pin: '1234'}",
            "withdraw.at: terminal 'terminal' is of kind pos, which cannot withdraw; one that can: atm",
        ),
        ("withdraw: {amount: 50, pin: '12', at: atm}", "withdraw.pin: '12' is no PIN, which is 4 to 12 digits"),
        (
            "unlock_pump",
            "unlock_pump.at: terminal 'terminal' is of kind pos, which cannot unlock_pump; one that can: fuel",
        ),
        ("settle_rides: {at: atm}", "settle_rides.at: terminal 'atm' is of kind atm, which cannot settle_rides"),
        ("tpa: {amount: 5}", "a step has one verb, not tpa; there are"),
        (
            "tap: {amount: 5}\n    expcet: approved",
            "expcet: there is no such key; there are comment, expect, name; did you mean expect?",
        ),
        (
            "tap: {amount: 5}\n    expect: aproved",
            "expect: there is no reason 'aproved', see docs/qa-guide.md; did you mean approved?",
        ),
        ("tap: {amount: 5}\n    expect: [approved, exceeds_limits]", "expect: there is no reason 'exceeds_limits'"),
        (
            "tap: {amount: 5}\n    expect: {reason: insufficient_funds, response_code: '05'}",
            "expect.response_code: '05' never comes with insufficient_funds (51)",
        ),
        (
            "tap: {amount: 5}\n    name: coffee\n  - tap: {amount: 6}\n    name: coffee",
            "name: an earlier step has the name 'coffee' already",
        ),
        ("tap: {amount: 5}\n    expect: {reason: card_forzen}", "expect.reason: there is no reason 'card_forzen'"),
        ("tap: {amount: 5}\n    expect: {respons_code: '00'}", "expect.respons_code: there is no such key"),
        ("tap: {amount: 5}\n    expect: {posted: 5}", "expect.posted: there is no such key; there are approved_amount"),
        ("tap: {amount: 5}\n    expect: {failed_check: card_sate}", "expect.failed_check: 'card_sate' is not a check"),
        (
            "tap: {amount: 5}\n    expect: {response_code: 5}",
            "expect.response_code: '5' is not a response code: two digits or capital letters, such as \"05\"; did you "
            'mean "05"?',
        ),
        (
            "tap: {amount: 5}\n    expect: {approved_amount: 5.001}",
            "expect.approved_amount: 5.001 has more decimals than EUR",
        ),
        ("tap: {amount: 5}\n    expect: {flagged: perhaps}", "expect.flagged: 'perhaps' is neither yes nor no"),
        ("look_at_phone: {}\n    expect: {state: actvie}", "expect.state: 'actvie' is not one of"),
        ("echo: {}\n    expect: {}\n    name: [a]", "name: is a text"),
        ("clock: {advance: -5s}", "clock.advance: '-5s' is not a duration"),
        ("clock: {advance: 5}", "clock.advance: '5' is not a duration"),
        ("clock: {set_to: 2026-12-01}", "clock.set_to: '2026-12-01' lacks its offset from UTC"),
        ("clock: {set_to: 5}", "clock.set_to: '5' is not a time"),
        ("clock: {}", "clock: changes nothing: say one of advance, set_to, frozen"),
        ("close_days: {}", "close_days: say one of until, days"),
        ("close_days: {until: 2027-02-05, days: 3}", "close_days: say one of until, days"),
        ("close_days: {until: tomorrow}", "close_days.until: 'tomorrow' is not a date such as 2027-02-05"),
        ("pay_bill: {}", "pay_bill.amount: is missing"),
        (
            "pay_bill: {amount: minium}",
            "pay_bill.amount: 'minium' is not an amount such as 12.50, minimum or closing; did you mean min",
        ),
        ("pay_bill: {amount: 0}", "pay_bill.amount: is 0: pay more than nothing"),
        ("pay_bill: {amount: -5}", "pay_bill.amount: '-5' is negative"),
        ("pay_bill: {amount: 1.5, account: yen}", "pay_bill.amount: 1.5 has more decimals than JPY"),
        ("pay_bill: {amount: 5 EUR, account: yen}", "pay_bill.amount: 5 EUR is not in JPY"),
        ("pay_bill: {amount: minimum, account: euro}", "pay_bill.account: there is no account 'euro'"),
        ("statement: {day: 5.1.2027}", "statement.day: '5.1.2027' is not a date such as 2027-02-05"),
        ("waive: {kind: purchase}", "waive.kind: "),
        ("split: {}", "split.months: is missing"),
        ("split: {months: 61}", "split.months: '61' is out of range"),
        ("split: {months: 3, of: sofa}", "split.of: there is no earlier step with the name 'sofa'"),
        ("split: {months: 3, amount: 1.5, account: yen}", "split.amount: 1.5 has more decimals than JPY"),
        ("split: {months: 3}\n    expect: {fee: -1}", "expect.fee: '-1' is negative"),
        ("end_plan: {account: euro}", "end_plan.account: there is no account 'euro'"),
        ("relieve: {months: 25}", "relieve.months: '25' is out of range"),
        ("relieve: {months: 3, interest: halved}", "relieve.interest: 'halved' is not one of waived, accrues"),
        ("relieve: {months: 3}\n    expect: {due_day: 25.7.}", "expect.due_day: '25.7.' is not a date such as"),
        ("close_days: {days: 0}", "close_days.days: '0' is out of range"),
        ("attack: {attack: cloned_tokens}", "attack.attack: there is no attack 'cloned_tokens'; there are"),
        ("attack: {attack: relay, attempts: 0}", "attack.attempts: '0' is out of range"),
        ("attack: {attack: relay, attempts: 1.5}", "attack.attempts: '1.5' is not a whole number"),
        (
            "force_decline: {reason: lost_crad, card: main}",
            "force_decline.reason: 'lost_crad' is not a decline reason, see docs/wire.md; did you mean lost_card?",
        ),
        ("force_decline: {reason: lost_card}", "force_decline: takes one of phone, card, at"),
        ("enter_code: {}", "enter_code: there is no code to enter"),
        (
            "change_card: {change: freze}",
            "change_card.change: 'freze' is not one of freeze, unfreeze, close, replace, renew; did you mean freeze?",
        ),
        (
            "echo: {}\n    name: hello\n  - reverse: {of: hello}",
            "reverse.of: 'hello' is the name of a step echo, which is no payment",
        ),
        (
            "tap: {amount: 5}\n    name: a\n  - add_tip: {of: a, tip: 1}",
            "add_tip.of: terminal 'terminal' is of kind pos, which cannot add_tip; one that can: restaurant",
        ),
        ("tap: {amount: 5}\n    name: a\n  - complete: {of: a, amount: 5 USD}", "complete.amount: 5 USD is not in EUR"),
        (
            "tap: {amount: 5}\n    name: a\n  - complete: {of: a, part: [3, 2]}",
            "complete.part: there is no completion 3 of 2",
        ),
        (
            "tap: {amount: 5}\n    name: a\n  - complete: {of: a, part: [1, 100]}",
            "complete.part.1: '100' is out of range",
        ),
        (
            "one_of:\n      - tap: {amount: 5}\n        name: a\n      - echo\n  - reverse: {of: a}",
            "reverse.of: 'a' is played in some of the blocks",
        ),
        (
            "set_program: {limits: [{id: a, window: fortnight, count_max: 3}]}",
            "set_program.limits.0.window: 'fortnight' is not one of",
        ),
        (
            "set_program: {limits: [{id: a, window: dya, count_max: 3}]}",
            "set_program.limits.0.window: 'dya' is not one of day, week, month",
        ),
        (
            "set_program: {limits: [{id: a, windwo: day, count_max: 3}]}",
            "set_program.limits.0.windwo: there is no such key",
        ),
        ("set_program: {limit: []}", "set_program.limit: there is no such key"),
        (
            "set_program: {limits: [{id: a, window: day, count_max: 3, reason: exceeds_limits}]}",
            "set_program.limits.0.reason: 'exceeds_limits' is not a decline reason; did you mean exceeds_limit?",
        ),
        (
            "set_program: {rules: [{id: a, action: decline, when: {attribute: amonut, operator: '>', value: 5}}]}",
            "set_program.rules.0.when",
        ),
        ("set_policy: {provisionning: {}}", "set_policy.provisionning: there is no such key"),
        (
            "set_policy: {provisioning: {device_score_red: high}}",
            "set_policy.provisioning.device_score_red: 'high' is not a whole number",
        ),
        ("repeat: 5\n    step: []", "step: there is no such key; there are repeat, steps; did you mean steps?"),
        ("repeat: 99999999999\n    steps: []", "repeat takes a number and steps"),
    ],
)
def test_what_can_be_known_of_a_step(steps, problem):
    """Amounts, verbs, reasons, attacks, windows, names and expectations are held against what there is."""
    told = problems_of(f"{CAST}  - {steps}\n")
    assert any(f": {problem}" in each for each in told), told
    assert all(each.split(":")[1].isdecimal() for each in told), told


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            "accounts: {main: {currency: EURO}}",
            "accounts.main.currency: 'EURO' is not an ISO 4217 code of a currency with a minor unit; did you mean EUR?",
        ),
        ("accounts: {main: {credit_limit: 100 USD}}", "accounts.main.credit_limit: 100 USD is not in EUR"),
        (
            "accounts: {main: {currency: JPY, credit_limit: 9.99}}",
            "accounts.main.credit_limit: 9.99 has more decimals than JPY",
        ),
        ("accounts: {main: {product: 32}}", "accounts.main.product: '32' is out of range"),
        ("accounts: {main: {product: 1, cut_day: 29}}", "accounts.main.cut_day: '29' is out of range"),
        ("accounts: {main: {cut_day: 5}}", "accounts.main.cut_day: is for accounts with a product"),
        ("accounts: {main: {segment: 256}}", "accounts.main.segment: '256' is out of range"),
        ("accounts: {main: {life_stage: 16}}", "accounts.main.life_stage: '16' is out of range"),
        ("cards: {main: {pin: abc}}", "cards.main.pin: 'abc' is no PIN"),
        ("cards: {main: {e_mail: nobody}}", "cards.main.e_mail: must be an e-mail address"),
        (
            "cards: {main: {account: mian}}",
            "cards.main.account: there is no account 'mian'; known: main; did you mean main?",
        ),
        ("phones: {phone: {profile: des}}", "phones.phone.profile: 'des' is not one of aes, tdes, sm4"),
        (
            "phones: {phone: {profile: sm4, keys: limited_use}}",
            "phones.phone.keys: the profile sm4 has no limited-use keys",
        ),
        ("phones: {phone: {channels: contactless}}", "phones.phone.channels: 'contactless' is not a list"),
        ("phones: {phone: {countries: [DE]}}", "phones.phone.countries.0: 'DE' is no country's number"),
        ("phones: {phone: {countries: ['001']}}", "phones.phone.countries.0: '001' is not an ISO 3166-1 numeric code"),
        ("phones: {phone: 5}", "phones.phone: is a mapping of card"),
        (
            "phnoes: {}",
            "phnoes: there is no such key; there are accounts, cards, phones, terminals; did you mean phones?",
        ),
        ("terminals: {terminal: {kind: pump}}", "terminals.terminal.kind: 'pump' is not one of pos"),
        ("terminals: {terminal: {tank: 50}}", "terminals.terminal.tank: is for terminals of kind fuel"),
        ("terminals: {terminal: {floor_limit: 5 JPY}}", "terminals.terminal.floor_limit: leave JPY out"),
        ("terminals: {terminal: {timeout: 0s}}", "terminals.terminal.timeout: 0.0 is out of range"),
        ("terminals: {terminal: {id: TOOLONG99}}", "terminals.terminal.id: 'TOOLONG99'"),
        ('terminals: {terminal: {id: "\\t"}}', "terminals.terminal.id: "),
        ("terminals: {terminal: {position: [91, 0]}}", "terminals.terminal.position.0: '91' is out of range"),
        ("terminals: {terminal: {position: [.nan, 0]}}", "terminals.terminal.position.0: '.nan' is not a number"),
        ("terminals: {terminal: {dialect: klingon}}", "terminals.terminal.dialect: there is no dialect klingon"),
        ("terminals: {terminal: {line: {loss: 2}}}", "terminals.terminal.line.loss: '2' is out of range"),
        ("terminals: {terminal: {line: {los: 0.5}}}", "terminals.terminal.line.los: there is no such key"),
    ],
)
def test_a_bad_entry_of_the_cast_is_one_error(entry, problem):
    """However many steps speak of it."""
    told = problems_of(
        f"scenario: A test\ncast:\n  {entry}\nsteps:\n"
        "  - tap: {amount: 1}\n    name: a\n  - reverse: {of: a}\n  - balance\n"
    )
    assert [each for each in told if f"s:3: cast.{problem}" in each], told
    assert len(told) == 1, told


def test_every_code_of_a_problem_can_be_expected():
    """Whatever the API's errors are called in the code is a reason."""
    sources = [
        path.read_text()
        for package in ("tokenvault", "authz", "simulators")
        for path in ROOT.glob(f"{package}/**/*.py")
    ]
    codes = {code for text in sources for code in re.findall(r'\bcode\s?=\s?"([a-z]+_?[a-z_]+)"', text)}
    assert len(codes) > 30
    assert codes <= REASONS, codes - REASONS


def test_a_step_that_is_wrong_is_one_error():
    """Those that follow the payment it would have made are not wrong too."""
    told = problems_of(f"{CAST}  - tpa: {{amount: 1}}\n    name: a\n  - tap: {{amount: x}}\n    name: b\n"
                       "  - reverse: {of: a}\n  - reverse: {of: b}\n")  # fmt: skip
    assert [each.split(":")[1] for each in told] == ["17", "19"]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("scenario: A\nscenario: B\nsteps: []\n", "s:2: scenario comes twice"),
        (BOMB, "s:5: is more than 50000 values"),
        ("scenario: A\nsteps: &a [*a]\n", "s:2: names itself"),
        ("scenario: " + "[" * 5000, "s:1: is nested more than 40 deep"),
        ("scenario: " + "{a: " * 5000, "s:1: is nested more than 40 deep"),
        ("scenario: A\n? [a, b]\n: 5\nsteps: []\n", "s:2: a key is a text"),
        ("scenario: A\n---\nscenario: B\n", "s:2: is not valid YAML"),
        ("scenario: !!python/object/apply:os.system [ls]\nsteps: []\n", "s:1: has the tag"),
        (HEAD + "  - set_program: {time_zone: !foo x}\n", "s:3: has the tag '!foo'"),
        ("scenario: \0\n", "s:1: is not valid YAML: there is a character U+0000"),
        ('scenario: "\\0"\nsteps: [echo]\n', "s:1: has a character U+0000, which no text shows"),
        (HEAD + '  - note: {text: "\\ud800"}\n', "s:3: has a character U+D800, which no text shows"),
        ("scenario: *nobody\n", "s:1: is not valid YAML"),
        ("\tscenario: A", "s:1: is not valid YAML"),
        ("scenario: A\nsteps:\n", "s:2: steps are a list"),
        ("scenario:\nsteps: []\n", "s:1: scenario: what is left empty is not text"),
        ("scenario: A\nseed: 1.5\nsteps: []\n", "s:2: seed: '1.5' is not a whole number"),
        ("scenario: A\ntags: cash\nsteps: []\n", "s:2: tags: 'cash' is not a list"),
        (
            "scenario: A\nstpes: []\n",
            "s:2: stpes: there is no such key; there are about, cast, scenario, seed, steps, tags; did you mean steps?",
        ),
        (HEAD + "  - set_program: {time_zone: 2026-13-45}\n", "s:3: set_program.time_zone"),
    ],
)  # fmt: skip
def test_what_yaml_can_surprise_with(text, problem):
    """Duplicate keys, bombs, loops, depth, tags and dates: an error with its line, never anything else."""
    told = problems_of(text)
    assert told
    assert told[0].startswith(problem), told


def test_numbers_are_what_they_look_like():
    """A leading zero makes no octal number, a colon no sexagesimal one, and a country's number stays a text."""
    text = HEAD + "  - set_program: {limits: [{id: a, window: day, count_max: 12, where: {countries: [036, 1:30]}}]}\n"
    assert problems_of(text)[0].startswith("s:3: set_program.limits.0.where: '1:30' is not an ISO 3166-1 numeric code")
    assert parse_scenario(text.replace(", 1:30", "")).steps[0].step.parts["limits"][0]["where"] == {
        "countries": ["036"]
    }


def test_aliases_and_merge_keys_work():
    """What stands in one place can be used in another."""
    text = "scenario: A\nsteps:\n  - tap: &usual {amount: 3.50}\n  - tap: {<<: *usual, cash_back: 1.00}\n"
    assert [str(step.step.amount) for step in parse_scenario(text).steps] == ["3.50", "3.50"]


WRONG = ["x y", "", "-1", "99999999999999999999", "[]", "[[a]]", "{a: b}", "~", "'\u00e9'", ".inf", "1e400", "010"]
CAST_PARTS = {group: type(next(iter(field.default.values()))) for group, field in Cast.model_fields.items()}


@pytest.mark.parametrize("verb", VERBS)
def test_every_key_of_every_step(verb):
    """A misspelt key, and whatever value in each key: an error with its line and key, or a step; nothing else."""
    kind = VERBS[verb]
    assert problems_of(f"{HEAD}  - {verb}: {{nosuchkey: 5}}\n")[0].startswith("s:3: ")
    assert any(
        f"{verb}.nosuchkey: there is no such key" in each
        for each in problems_of(f"{HEAD}  - {verb}: {{nosuchkey: 5}}\n")
    )
    for name in (*kind.model_fields, *kind.values.model_fields):
        for value in WRONG:
            place = f"{{{name}: {value}}}" if name in kind.model_fields else "{}"
            expect = "" if name in kind.model_fields else f"\n    expect: {{{name}: {value}}}"
            for told in problems_of(f"{HEAD}  - {verb}: {place}{expect}\n"):
                assert told.startswith(("s:3: ", "s:4: ")), told
    for name, field in kind.model_fields.items():
        if field.annotation is not str and type(None) not in typing.get_args(field.annotation):
            told = problems_of(f"{HEAD}  - {verb}: {{{name}: {{a: b}}}}\n")
            assert any(f" {verb}.{name}" in each for each in told), (name, told)


@pytest.mark.parametrize(("group", "kind"), [*CAST_PARTS.items(), ("line", LinePart)])
def test_every_key_of_the_cast(group, kind):
    """The same of everybody who takes part."""
    for name in (*kind.model_fields, "nosuchkey"):
        for value in WRONG:
            entry = f"{{{name}: {value}}}"
            path = f"terminals: {{terminal: {{line: {entry}}}}}" if group == "line" else f"{group}: {{x: {entry}}}"
            told = problems_of(f"scenario: A\ncast:\n  {path}\nsteps: [{{note: {{text: x}}}}]\n")
            assert all(each.startswith("s:3: cast.") for each in told), told
            assert told or name != "nosuchkey"


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = {*Head.model_fields, "steps", "repeat", "one_of", "expect", "name", *VERBS}
for _kind in VERBS.values():
    KEYS |= {*_kind.model_fields, *_kind.values.model_fields}


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(sorted(KEYS)),
            st.dictionaries(st.sampled_from(sorted(KEYS)), VALUES, max_size=3) | VALUES,
            max_size=3,
        ),
        max_size=3,
    )
)
def test_whatever_stands_there(steps):
    """Any structure out of the vocabulary is a scenario or a list of errors with their lines."""
    import yaml

    for told in problems_of(yaml.safe_dump({"scenario": "A", "steps": steps}, allow_unicode=True)):
        assert told.split(":")[1].isdecimal(), told


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda octets: octets.decode("latin-1")))
def test_whatever_text(text):
    """Any text at all."""
    for told in problems_of(text):
        assert told.split(":")[1].isdecimal(), told


def checked(path, capsys):
    """What `tapwright scenario check` says of a path, and its exit code."""
    code = main(["scenario", "check", str(path)])
    told = capsys.readouterr()
    assert "Traceback" not in told.out + told.err
    return code, told.out, told.err


def test_the_verb_check(tmp_path, capsys):
    """Exit code 0 for scenarios, 2 for others, with every error of every file; nothing is played."""
    good, bad, worse = tmp_path / "good.yaml", tmp_path / "bad.yaml", tmp_path / "worse.yaml"
    good.write_text(HEAD + "  - tap: {amount: 9999999.00}\n")
    assert checked(good, capsys) == (0, f"{good}: A test (1 steps)\n", "")
    bad.write_text(HEAD + "  - tap: {amount: -1}\n  - tap: {amount: 1, at: moon}\n")
    worse.write_text("scenario: A\n")
    code, _, told = checked(tmp_path, capsys)
    assert code == 2
    assert [line.partition(" ")[0] for line in told.splitlines()] == [f"{bad}:3:", f"{bad}:4:", f"{worse}:1:"]
    assert main(["scenario", "run", str(bad)]) == 2
    assert "negative" in capsys.readouterr().err
    assert main(["scenario", "check"]) == 0  # those that come along
    assert main(["scenario", "run", str(good), "--tag", "csah"]) == 2
    assert "no scenario has the tag csah" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", ":1: is not a scenario"),
        (b"\x7fELF\x02\x01\xff\xfe", ":1: is not text in UTF-8"),
        (b"scenario: A\nsteps:\n  - \xff", ":3: is not text in UTF-8"),
        (b"\xef\xbb\xbfscenario: A\n", ":1: lacks steps"),
        (b"#" * (1 << 20) + b"#", ": is longer than 1 MiB"),
    ],
)
def test_files_that_are_none(content, problem, tmp_path, capsys):
    """An empty file, a binary one, a huge one: one line each."""
    file = tmp_path / "a.yaml"
    file.write_bytes(content)
    assert checked(file, capsys) == (2, "", capsys.readouterr().err or checked(file, capsys)[2])
    assert checked(file, capsys)[2].startswith(f"{file}{problem}")


def test_paths_that_lead_to_no_file(tmp_path, capsys):
    """No file, an empty folder, a file as a folder: one line each."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    none, beneath, empty = tmp_path / "none.yaml", tmp_path / "file" / "x.yaml", tmp_path / "empty"
    for path, problem in (
        (none, f"tapwright: there is no scenario file {none}; `tapwright scenario list` shows the included ones\n"),
        (beneath, f"tapwright: there is no scenario file {beneath}; `tapwright scenario list` shows the included"),
        (empty, f"{empty}: there is not a scenario in this folder"),
    ):
        code, _, told = checked(path, capsys)
        assert (code, told.count("\n")) == (2, 1)
        assert told.startswith(problem)
    assert os.listdir(tmp_path / "empty") == []
