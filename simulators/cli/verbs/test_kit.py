"""The command line of QA's bench: scenarios, attacks, phones, terminals, message tools. Parsing, nothing else."""

import argparse
import ssl
import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from simulators.cli.output_file import checked_output
from simulators.cli.server_address import (
    Address,
    UsageError,
    checked_address,
    checked_port,
    checked_url,
    default_iso,
    default_url,
)
from simulators.process.did_you_mean import did_you_mean

_DEFAULT_DIALECT = "ascii_1987"
_SECONDS_MAX = 86_400
_ACQUIRER_DIGITS = 11


def add_bench_verbs(verbs: Any) -> None:
    """Add them to the parser of `simulators.cli.command_line`."""
    _add_scenario(verbs)
    _add_attack(verbs)
    _add_terminal(verbs)
    _add_phone(verbs)
    _add_iso(verbs)
    emv = verbs.add_parser("emv", help="look at EMV data", description="Print EMV data as a tree of named objects.")
    emv.add_argument("action", choices=["decode"], help="decode: BER-TLV in hexadecimal, such as DE 55")
    emv.add_argument("hex", help="the data; - reads it from standard input")
    _add_recordings(verbs)
    _add_switch(verbs)
    _add_bench(verbs)


def _add_scenario(verbs: Any) -> None:
    scenario = verbs.add_parser(
        "scenario",
        help="run scenarios: a card's day as a file",
        description="Run scenarios, each on a fresh server of its own unless --url names one that runs. The format is "
        "in docs/qa-guide.md.",
    )
    scenario.add_argument(
        "action",
        choices=["run", "check", "list", "schema"],
        help="run: files and folders; check: only read them, and tell everything that is wrong; list: the scenarios "
        "that come along; schema: the format as JSON Schema",
    )
    scenario.add_argument(
        "paths", nargs="*", type=Path, metavar="FILE", help="run, check: files or folders (all that come along)"
    )
    scenario.add_argument("--tag", action="append", default=[], help="only scenarios with this tag; may be repeated")
    scenario.add_argument("--seed", type=int, help="in place of each scenario's own seed")
    scenario.add_argument("--junit", type=Path, metavar="FILE", help="write the results as JUnit XML")
    scenario.add_argument("--html", type=Path, metavar="FILE", help="write a report with every message")
    scenario.add_argument(
        "--url",
        nargs="?",
        const="",
        help="play on this server, which is left as the scenarios leave it; on that of TAPWRIGHT_URL without a value",
    )
    scenario.add_argument(
        "--iso", default=default_iso(), help="its ISO 8583 port (TAPWRIGHT_ISO8583, else 127.0.0.1:8583)"
    )


def _add_attack(verbs: Any) -> None:
    attack = verbs.add_parser(
        "attack",
        help="let thieves try, and see why they are refused",
        description="Try attacks in seeded variations on a fresh server, or on the one that --url names. "
        "Exit code 1 where anything gets through.",
    )
    attack.add_argument("names", nargs="*", metavar="NAME", help="which attacks (all): see docs/qa-guide.md")
    attack.add_argument("--variations", type=int, default=100, help="how often each is tried (100)")
    attack.add_argument("--seed", type=int, default=1, help="of the variations (1)")
    attack.add_argument(
        "--url",
        nargs="?",
        const="",
        help="attack this server, whose clock may be moved; that of TAPWRIGHT_URL without a value",
    )
    attack.add_argument(
        "--iso", default=default_iso(), help="its ISO 8583 port (TAPWRIGHT_ISO8583, else 127.0.0.1:8583)"
    )


def _add_terminal(verbs: Any) -> None:
    terminal = verbs.add_parser(
        "terminal",
        help="one payment at a terminal",
        description="Pay at a contactless terminal of a running server: with a new phone, or a card on a PC/SC reader.",
    )
    terminal.add_argument("amount", help="in major units: 12.50")
    terminal.add_argument("--currency", default="EUR", help="ISO 4217 (EUR)")
    terminal.add_argument("--post", action="store_true", help="post at once (0200) instead of holding (0100)")
    terminal.add_argument(
        "--pcsc", nargs="?", const="", metavar="READER", help="read the card on a PC/SC reader, by part of its name"
    )
    terminal.add_argument("--picture", type=Path, metavar="FILE", help="write the receipt as a picture (SVG)")
    terminal.add_argument("--trace", type=Path, metavar="FILE", help="write the messages as lines of JSON")
    terminal.add_argument("--acquirer", metavar="DE32", help="whose terminal it is (that of the sandbox's merchants)")
    terminal.add_argument(
        "--tls-authorities",
        type=Path,
        metavar="FILE",
        help="speak TLS; PEM file: whose certificate the network may show",
    )
    terminal.add_argument(
        "--tls-certificate", type=Path, metavar="FILE", help="PEM file: the client certificate to show"
    )
    terminal.add_argument("--tls-key", type=Path, metavar="FILE", help="PEM file: its private key")
    _add_server(terminal)
    _add_dialect(terminal)


def _add_phone(verbs: Any) -> None:
    phone = verbs.add_parser(
        "phone",
        help="a phone on a virtual PC/SC reader",
        description="Provision a phone on a running server and put it on a virtual PC/SC reader (Debian's pcscd with "
        "vsmartcard-vpcd), so that any PC/SC program can tap it.",
    )
    phone.add_argument("--pcsc", action="store_true", required=True, help="put it on the reader until Ctrl-C")
    phone.add_argument("--card", metavar="ID", help="the card that it gets a token for (a new one)")
    phone.add_argument("--kind", choices=["phone", "watch", "band"], default="phone", help="what it is (phone)")
    phone.add_argument("--profile", choices=["aes", "tdes", "sm4"], default="aes", help="cryptograms (aes)")
    phone.add_argument("--flow", choices=["quick", "generate_ac"], default="quick", help="how it speaks (quick)")
    phone.add_argument(
        "--keys",
        choices=["secure_element", "limited_use"],
        default="secure_element",
        help="what it holds (secure_element)",
    )
    phone.add_argument("--url", default=default_url(), help="the server (TAPWRIGHT_URL, else http://127.0.0.1:8420)")
    phone.add_argument("--vpcd", default="127.0.0.1:35963", help="where vpcd listens (127.0.0.1:35963)")


def _add_iso(verbs: Any) -> None:
    iso = verbs.add_parser(
        "iso",
        help="decode, encode and send ISO 8583 messages",
        description="Look at ISO 8583 messages in any dialect: a built-in one, a pyiso8583 spec (.json) or a jPOS "
        "packager (.xml).",
    )
    iso.add_argument(
        "action",
        choices=["decode", "encode", "send"],
        help="decode: hexadecimal; encode, send: fields as NUMBER=VALUE, 0 is the message type",
    )
    iso.add_argument("parts", nargs="+", metavar="PART", help="the message; - reads it from standard input")
    iso.add_argument("--framed", action="store_true", help="decode, encode: with the length in front")
    iso.add_argument("--iso", default=default_iso(), help="send: where to (TAPWRIGHT_ISO8583, else 127.0.0.1:8583)")
    iso.add_argument("--seconds", type=float, default=10.0, help="send: how long to wait (10)")
    _add_dialect(iso)


def _add_recordings(verbs: Any) -> None:
    record = verbs.add_parser(
        "record",
        help="record real ISO 8583 traffic",
        description="Stand between terminals and a host, hand everything on, and write it down. The file holds what "
        "went over the line, card numbers too; only its owner can read it.",
    )
    record.add_argument("file", type=Path, help="the recording, which must not be there yet")
    record.add_argument("--to", default=default_iso(), help="the host (TAPWRIGHT_ISO8583, else 127.0.0.1:8583)")
    record.add_argument("--port", type=int, default=8593, help="where terminals dial (8593; 0 takes a free one)")
    _add_dialect(record)
    replay = verbs.add_parser(
        "replay",
        help="replay recorded traffic",
        description="Send every recorded request again and compare DE 39. Exit code 1 where an answer differs.",
    )
    replay.add_argument("file", type=Path, help="the recording")
    replay.add_argument("--to", default=default_iso(), help="the host (TAPWRIGHT_ISO8583, else 127.0.0.1:8583)")
    replay.add_argument("--seconds", type=float, default=10.0, help="how long to wait for each answer (10)")
    _add_dialect(replay)


def _add_switch(verbs: Any) -> None:
    switch = verbs.add_parser(
        "switch",
        help="route acquirers to several issuers",
        description="Take messages from acquirers and route each by the first digits of the card.",
    )
    switch.add_argument(
        "--route", action="append", required=True, metavar="DIGITS=HOST:PORT", help="where cards go; may be repeated"
    )
    switch.add_argument("--port", type=int, default=8594, help="where acquirers dial (8594; 0 takes a free one)")
    switch.add_argument("--acquirer", action="append", default=[], help="DE 32 of one that is served (all)")
    switch.add_argument(
        "--stand-in", type=int, default=0, help="approve up to this while an issuer is away, minor units (0)"
    )


def _add_bench(verbs: Any) -> None:
    """Add the verb to the parser of `simulators.cli.command_line`."""
    bench = verbs.add_parser(
        "bench",
        help="put an ISO 8583 host under load, and believe the figures",
        description="Send seeded traffic by schedule, whatever the host does, and count each latency from the moment "
        "the request was due. Exit code 1 where an answer is missing or not what it was meant to be. See "
        "docs/benchmarks.md.",
    )
    bench.add_argument("--url", default=default_url(), help="the server, for phones (TAPWRIGHT_URL, else port 8420)")
    bench.add_argument("--iso", default=default_iso(), help="the host (TAPWRIGHT_ISO8583, else 127.0.0.1:8583)")
    bench.add_argument("--rate", type=float, default=1_000, help="requests a second, all connections together (1000)")
    bench.add_argument("--seconds", type=float, default=10, help="how long, warm-up included (10)")
    bench.add_argument("--warm-up", type=float, default=2, help="seconds at the beginning that do not count (2)")
    bench.add_argument(
        "--shape",
        choices=["fixed", "poisson", "day"],
        default="poisson",
        help="how arrivals are spread: evenly, like many customers', or as one day of them (poisson)",
    )
    bench.add_argument(
        "--window",
        type=int,
        help="a closed loop: so many unanswered on a connection, --rate times --seconds in all",
    )
    bench.add_argument("--connections", type=int, default=1, help="TCP connections (1)")
    bench.add_argument("--processes", type=int, default=1, help="generators, which share the connections (1)")
    bench.add_argument("--phones", type=int, help="phones that pay (as many as their transaction counters ask for)")
    bench.add_argument("--merchants", type=int, default=3, choices=range(1, 9), help="merchants of each phone (3)")
    bench.add_argument("--taps-only", action="store_true", help="no completions, reversals, declines and attacks")
    bench.add_argument("--seed", type=int, default=1, help="of everything that is drawn (1)")
    bench.add_argument(
        "--request", type=Path, metavar="FILE", help="send this message (JSON: field number -> text), to any host"
    )
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    bench.add_argument("--plot", type=Path, metavar="FILE", help="draw the results (.png, .svg; needs the extra plots)")
    bench.add_argument("--busy", action="store_true", help="never sleep: more punctual, on a core of its own")
    bench.add_argument("--no-ceiling", action="store_true", help="do not measure the generator first")


def _add_server(verb: Any) -> None:
    verb.add_argument("--url", default=default_url(), help="the server (TAPWRIGHT_URL, else http://127.0.0.1:8420)")
    verb.add_argument("--iso", default=default_iso(), help="its ISO 8583 port (TAPWRIGHT_ISO8583, else 127.0.0.1:8583)")


def _add_dialect(verb: Any) -> None:
    verb.add_argument("--dialect", default=_DEFAULT_DIALECT, help=f"built in, or a file ({_DEFAULT_DIALECT})")


def _seconds(seconds: float) -> float:
    if not 0 < seconds <= _SECONDS_MAX:
        raise UsageError(f"--seconds {seconds}: more than 0, at most {_SECONDS_MAX}")
    return seconds


def _read(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


def _scenario(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions import scenario as verb
    from simulators.process.logging_setup import configure_logging
    from simulators.scenarios.servers import fresh_server, running_server

    if arguments.action == "list":
        return verb.list_scenarios()
    if arguments.action == "schema":
        return verb.print_schema()
    if arguments.action == "check":
        return verb.check_scenarios(arguments.paths or verb.shipped_scenarios())
    configure_logging("error", "console")
    named = _named_server(arguments)
    servers = fresh_server if named is None else running_server(*named)
    junit, html = checked_output(arguments.junit, "--junit"), checked_output(arguments.html, "--html")
    paths = arguments.paths or verb.shipped_scenarios()
    return verb.run_scenarios(paths, servers, arguments.tag, arguments.seed, junit, html)


def _attack(arguments: argparse.Namespace) -> int:
    from simulators.attackers.catalogue import ATTACKS
    from simulators.cli.actions.attack import run_attacks
    from simulators.process.logging_setup import configure_logging

    unknown = [name for name in arguments.names if name not in ATTACKS]
    if unknown:
        mean = did_you_mean(unknown[0], ATTACKS)
        raise UsageError(f"there is no attack {unknown[0]}; there are {', '.join(ATTACKS)}{mean}")
    if arguments.variations < 1:
        raise UsageError(f"--variations {arguments.variations}: at least 1")
    configure_logging("error", "console")
    server = _named_server(arguments)
    return run_attacks(arguments.names or list(ATTACKS), arguments.variations, arguments.seed, server)


def _named_server(arguments: argparse.Namespace) -> tuple[str, Address] | None:
    """The server that is to be used, None for a fresh one; ``--url`` without a value means the default."""
    if arguments.url is None:
        return None
    return checked_url(arguments.url or default_url()), checked_address(arguments.iso, "--iso")


def _terminal(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.terminal import PaymentOptions, run_payment
    from tokenvault.currencies import CURRENCIES, NO_CURRENCY

    if arguments.currency not in CURRENCIES:
        raise UsageError(f"--currency {arguments.currency} {NO_CURRENCY}{did_you_mean(arguments.currency, CURRENCIES)}")
    try:
        minor = Decimal(arguments.amount).scaleb(CURRENCIES[arguments.currency].exponent)
    except InvalidOperation:
        raise UsageError(f"amount {arguments.amount!r} is no amount such as 12.50") from None
    if not minor.is_finite() or minor != int(minor) or not 0 <= minor < 10**12:
        raise UsageError(f"amount {arguments.amount} is none of {arguments.currency}")
    acquirer = arguments.acquirer
    if acquirer is not None and not (acquirer.isascii() and acquirer.isdecimal() and len(acquirer) <= _ACQUIRER_DIGITS):
        raise UsageError(f"--acquirer {acquirer} is not 1 to {_ACQUIRER_DIGITS} digits")
    return run_payment(
        PaymentOptions(
            int(minor),
            arguments.currency,
            checked_url(arguments.url),
            checked_address(arguments.iso, "--iso"),
            arguments.dialect,
            arguments.pcsc,
            arguments.post,
            checked_output(arguments.picture, "--picture"),
            checked_output(arguments.trace, "--trace"),
            acquirer,
            _line_tls(arguments),
        )
    )


def _line_tls(arguments: argparse.Namespace) -> "ssl.SSLContext | None":
    """What the line is secured with; None where it is in clear. Raises: UsageError."""
    from simulators.sandbox.settings.connection_settings import client_context

    if arguments.tls_authorities is None:
        if arguments.tls_certificate is not None or arguments.tls_key is not None:
            raise UsageError("--tls-certificate and --tls-key take --tls-authorities")
        return None
    try:
        return client_context(arguments.tls_authorities, arguments.tls_certificate, arguments.tls_key)
    except ValueError as error:
        raise UsageError(f"TLS: {error}") from None


def _phone(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.phone import PhoneOptions, run_phone

    return run_phone(
        PhoneOptions(
            checked_url(arguments.url),
            arguments.card,
            arguments.kind,
            arguments.profile,
            arguments.flow,
            arguments.keys,
            checked_address(arguments.vpcd, "--vpcd"),
        )
    )


def _iso(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions import iso as iso_verb

    parts = [part for text in arguments.parts for part in (_read(text).split() if text == "-" else [text])]
    match arguments.action:
        case "decode":
            return iso_verb.decode_verb(arguments.dialect, "".join(parts), is_framed=arguments.framed)
        case "encode":
            return iso_verb.encode_verb(arguments.dialect, parts, is_framed=arguments.framed)
    return iso_verb.send_verb(
        arguments.dialect, parts, checked_address(arguments.iso, "--iso"), _seconds(arguments.seconds)
    )


def _emv(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.emv import decode_verb

    return decode_verb(_read(arguments.hex))


def _record(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.recordings import record_verb

    return record_verb(
        checked_address(arguments.to, "--to"), checked_port(arguments.port), arguments.file, arguments.dialect
    )


def _replay(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.recordings import replay_verb

    return replay_verb(
        arguments.file, checked_address(arguments.to, "--to"), arguments.dialect, _seconds(arguments.seconds)
    )


def _switch(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.switch import route_of, run_switch

    try:
        routes = [route_of(text) for text in arguments.route]
    except ValueError as error:
        raise UsageError(f"--route {error}") from None
    if arguments.stand_in < 0:
        raise UsageError(f"--stand-in {arguments.stand_in}: 0 or more, minor units")
    return run_switch(routes, checked_port(arguments.port), arguments.acquirer, arguments.stand_in)


def _bench(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.bench import options_from, run_bench

    try:
        checked_url(arguments.url)
        options = options_from(arguments, checked_address(arguments.iso, "--iso"))
    except ValueError as error:
        raise UsageError(str(error)) from None
    return run_bench(options)


BENCH_VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "scenario": _scenario,
    "attack": _attack,
    "terminal": _terminal,
    "phone": _phone,
    "iso": _iso,
    "emv": _emv,
    "record": _record,
    "replay": _replay,
    "switch": _switch,
    "bench": _bench,
}
