"""Every verb with arguments and surroundings that make no sense: one line that names them, and never a traceback."""

import argparse
import socket

import pytest

from authz.iso8583.encoding import codec
from simulators.cli.command_line import argument_parser, main
from simulators.sandbox.settings.misspelt_variables import misspelt_settings
from simulators.sandbox.settings.settings import Settings
from simulators.terminals.iso_link import IsoLink

ECHO = ["0=0800", "7=1125101500", "11=000123", "70=301"]
NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("TAPWRIGHT_URL", "TAPWRIGHT_ISO8583"):
        monkeypatch.delenv(name, raising=False)


_AWAY = ("no server at", "cannot reach", "there is no vault in", "there is no journal in")


def told(arguments, capsys):
    """The exit code of a verb, and what it says on standard error, usage left out."""
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return code, said.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ["iso", "send", "0=0100", "4=1", "--iso", "127.0.0.1:1"],
            "nothing was sent: field 4 (amount, transaction) must have 12 digits; '1' has 1 character\n",
        ),
        (
            ["iso", "send", "0=0100", "11=00000x", "--iso", "127.0.0.1:1"],
            "nothing was sent: field 11 (system trace audit number) has characters that are not allowed\n",
        ),
        (["iso", "send", *ECHO, "11=1", "--iso", "127.0.0.1:1"], "field 11 occurs twice"),
        (
            ["iso", "send", *ECHO, "--iso", "127.0.0.1:1"],
            "start one with `tapwright serve`, or name another with --iso",
        ),
        (
            ["iso", "send", *ECHO, "--iso", "127.0.0.1:99999"],
            "--iso '127.0.0.1:99999': a port to connect to is a number",
        ),
        (["iso", "send", *ECHO, "--seconds", "0"], "--seconds 0.0: must be more than 0"),
        (["iso", "send", *ECHO, "--seconds", "nan"], "--seconds nan"),
        (["record", "there", "--to", "127.0.0.1:1"], "there already exists: remove it, or name another file"),
        (["record", "new", "--port", "70000"], "--port 70000: a port is a number from 0 to 65535\n"),
        (["record", "no/new"], "no/new: no such file or directory"),
        (["replay", "none"], "none"),
        (["terminal", "1", "--url", NOBODY], f"no server at {NOBODY}: "),
        (["terminal", "1", "--url", "nonsense"], "--url 'nonsense' is not a URL such as http://127.0.0.1:8420\n"),
        (["terminal", "1", "--url", "http://[::1"], "--url 'http://[::1' is not a URL"),
        (["terminal", "1", "--currency", "EURO"], "with a minor unit; did you mean EUR?"),
        (["terminal", "1", "--url", NOBODY, "--picture", "no/x.svg"], "--picture no/x.svg: there is no folder no"),
        (["terminal", "1", "--url", NOBODY, "--trace", "/"], "--trace / is a folder: name a file"),
        (["scenario", "run", "coffee.yaml", "--html", "."], "--html . is a folder: name a file"),
        (["bench", "--plot", "/"], "--plot / is a folder: name a file"),
        (["bench", "--url", NOBODY, "--iso", "127.0.0.1:1"], "or name another with --iso or TAPWRIGHT_ISO8583"),
        (["bench", "--rate", "nan"], "--rate must be more than zero"),
        (["bench", "--json", "no/x.json"], "--json no/x.json: there is no folder no"),
        (["bench", "--request", "none.json", "--iso", "127.0.0.1:1"], "--request none.json: no such file or directory"),
        (["phone", "--pcsc", "--url", NOBODY], f"no server at {NOBODY}: "),
        (["explain", ""], "this is not an identifier of the form auth_"),
        (["explain", "../accounts"], "this is not an identifier of the form auth_"),
        (["explain", "auth_0000000000001", "--url", NOBODY], f"no server at {NOBODY}: "),
        (["explain", "auth_0000000000001", "--url", "ftp://x"], "--url 'ftp://x' is not a URL"),
        (["listen", "--url", "http://127.0.0.1:1/x y"], "--url 'http://127.0.0.1:1/x y' is not a URL"),
        (["listen", "--url", "http://u:secret@127.0.0.1:1"], "--url has a user or password in it: leave that out\n"),
        (["listen", "--forward-to", "http://u:secret@[::1]:1"], "--forward-to has a user or password in it: leave"),
        (["snapshot", "save"], "snapshot save needs a name: tapwright snapshot save NAME\n"),
        (["snapshot", "restore", ""], "snapshot restore needs a name: tapwright snapshot restore NAME\n"),
        (["snapshot", "list", "prepared"], "snapshot list shows all: leave out the name\n"),
        (["snapshot", "restore", "prepared", "--replace"], "--replace is for `tapwright snapshot save`\n"),
        (["snapshot", "save", "prepared", "--url", NOBODY], f"no server at {NOBODY}: "),
        (["snapshot", "save", "prepared", "--api-key", "\u00e9"], "--api-key must have ASCII characters only\n"),
        (["bank", "close", "--until", "5.2.2027"], "--until '5.2.2027' is not a date such as 2027-02-05\n"),
        (["bank", "close", "--url", NOBODY], f"no server at {NOBODY}: "),
        (["bank", "books", "acct_0000000000001"], "bank books is about all accounts: leave out acct_0000000000001\n"),
        (["bank", "close", "2027-01-05"], "bank close is about all accounts: leave out 2027-01-05\n"),
        (["bank", "books", "--until", "2027-01-05"], "--until is for `tapwright bank close`\n"),
        (["bank", "statement"], "bank statement needs an account: tapwright bank statement ACCOUNT\n"),
        (["bank", "statement", "acct_0000000000001", "--pdf", "no/x.pdf"], "--pdf no/x.pdf: there is no folder no"),
        (["bank", "books", "--pdf", "x.pdf"], "--pdf is for `tapwright bank statement`\n"),
        (["bank", "pay", "../books", "1"], "ACCOUNT: this is not an identifier of the form acct_"),
        (["bank", "pay", "acct_0000000000001"], "bank pay needs an amount: tapwright bank pay ACCOUNT AMOUNT\n"),
        (["bank", "pay", "acct_0000000000001", "1,5"], "AMOUNT '1,5' is not an amount such as 300.00, minimum or"),
        (["bank", "pay", "acct_0000000000001", "0"], "AMOUNT 0: must be more than 0\n"),
        (["bank", "pay", "acct_0000000000001", "1e999999"], "AMOUNT 1e999999: must be at most 1000000000000\n"),
        (["bank", "pay", "acct_0000000000001", "nan"], "AMOUNT nan: must be more than 0\n"),
        (["bank", "statement", "acct_0000000000001", "5.1."], "DATE '5.1.' is not a date such as 2027-01-05\n"),
        (["bank", "plan", "acct_0000000000001"], "bank plan needs --months N\n"),
        (["bank", "plan", "acct_0000000000001", "--months", "61"], "--months 61: must be from 1 to 60\n"),
        (
            ["bank", "plan", "acct_0000000000001", "pay_1", "--months", "3"],
            "PURCHASE: this is not an identifier of the",
        ),
        (["bank", "plan", "acct_0000000000001", "--months", "3", "--amount", "1,5"], "--amount '1,5' is not an amount"),
        (["bank", "end-plan"], "bank end-plan needs a plan: tapwright bank end-plan PLAN\n"),
        (["bank", "end-plan", "acct_0000000000001"], "PLAN: this is not an identifier of the form plan_"),
        (["bank", "end-plan", "plan_0000000000001", "now"], "bank end-plan takes one argument: leave out now\n"),
        (["bank", "phone"], "bank phone needs a simulated phone: tapwright bank phone PHONE\n"),
        (["bank", "phone", "acct_0000000000001"], "PHONE: this is not an identifier of the form phone_"),
        (["bank", "relieve"], "bank relieve needs an account: tapwright bank relieve ACCOUNT\n"),
        (["bank", "relieve", "acct_0000000000001", "--months", "0"], "--months 0: must be from 1 to 24\n"),
        (
            ["bank", "relieve", "acct_0000000000001", "--product", "1"],
            "bank relieve takes one of ACCOUNT and --product",
        ),
        (["bank", "relieve", "--segment", "1"], "--segment is for `tapwright bank relieve --product NUMBER`\n"),
        (["bank", "dues", "acct_0000000000001", "--months", "25"], "--months 25: must be from 1 to 24\n"),
        (
            ["bank", "dues", "acct_0000000000001", "--interest", "waived"],
            "--interest is for `tapwright bank relieve`\n",
        ),
        (
            ["bank", "pay", "acct_0000000000001", "1", "--months", "3"],
            "--months is for `tapwright bank plan | relieve |",
        ),
        (["bank", "relieve", "acct_0000000000001", "--months", "3", "--url", NOBODY], f"no server at {NOBODY}: "),
        (["bank", "program", "hole_bank"], "there is no program 'hole_bank'; included are whole_bank"),
        (["bank", "program", "no.json"], "no.json: No such file or directory\n"),
        (["bank", "program", "whole_bank", "now"], "bank program takes one argument: leave out now\n"),
        (["bank", "program", "whole_bank", "--url", NOBODY], f"no server at {NOBODY}: "),
        (["bank", "books", "--url", NOBODY], f"no server at {NOBODY}: "),
        (["bank", "books", "--api-key", "\u00e9"], "--api-key must have ASCII characters only\n"),
        (["attack", "relay", "--url", NOBODY], f"no server at {NOBODY}: "),
        (["attack", "rleay"], "there is no attack rleay"),
        (["attack", "relay", "--variations", "0"], "--variations 0: must be at least 1"),
        (
            ["scenario", "run", "nosuch"],
            "tapwright: there is no scenario file nosuch; `tapwright scenario list` shows the included ones\n",
        ),
        (["scenario", "check", "nosuch"], "tapwright: there is no scenario file nosuch; "),
        (["scenario", "run", "coffee.yaml", "--url", "x"], "--url 'x' is not a URL"),
        (["scenario", "run", "coffee.yaml", "--junit", "no/j.xml"], "--junit no/j.xml: there is no folder no"),
        (["switch", "--route", "4=h:99999"], "--route '4=h:99999' is not DIGITS=HOST:PORT"),
        (["switch", "--route", "4=127.0.0.1:1", "--stand-in", "-5"], "--stand-in -5: must be 0 or more"),
        (["serve", "--iso-listener", "foo:12"], "--iso-listener 'foo:12': there is no dialect foo"),
        (["serve", "--iso-listener", "bcd_1978:12"], "did you mean bcd_1987?"),
        (
            ["serve", "--iso-listener", "bcd_1987:99999"],
            "'bcd_1987:99999': the port '99999' is not a number from 0 to 65535; write bcd_1987:8584\n",
        ),
        (
            ["serve", "--iso-listener", "ascii_1987:foo"],
            "--iso-listener 'ascii_1987:foo': the port 'foo' is not a number from 0 to 65535; write ascii_1987:8584\n",
        ),
        (["serve", "--iso-listener", "12"], "--iso-listener '12' is not DIALECT:PORT, such as bcd_1987:8584\n"),
        (["serve", "--http-port", "99999"], "tapwright: --http-port 99999: a port is a number from 0 to 65535\n"),
        (["serve", "--iso-port", "-1"], "tapwright: --iso-port -1: a port is a number from 0 to 65535\n"),
        (
            ["serve", "--public-url", "foo"],
            "tapwright: --public-url: 'foo' is not a URL such as https://sandbox.example\n",
        ),
        (
            ["serve", "--public-url", "https://sandbox.example:99999"],
            "tapwright: --public-url: the URL has an invalid port\n",
        ),
        (
            ["terminal", "1.234"],
            "tapwright: amount 1.234: an amount in EUR is from 0 to 9,999,999,999.99, with at most 2 decimals\n",
        ),
        (["terminal", "-5"], "amount -5: an amount in EUR is from 0 to 9,999,999,999.99, with at most 2 decimals\n"),
        (["terminal", "1e10"], "an amount in EUR is from 0 to 9,999,999,999.99, with at most 2 decimals\n"),
        (
            ["terminal", "1.5", "--currency", "JPY"],
            "amount 1.5: an amount in JPY is from 0 to 999,999,999,999, without decimals\n",
        ),
        (["emv", "decode", "zz"], "the EMV data: expected hexadecimal digits"),
        (["emv", "decode", "00", "--arqc", "00"], "--arqc is for `tapwright emv check`\n"),
        (["emv", "check", "00"], "emv check needs --token: the token that paid\n"),
        (["emv", "check", "00", "--token", "x", "--url", NOBODY], f"no server at {NOBODY}: "),
        (["iso", "decode", "zz"], "the message: expected hexadecimal digits"),
        (
            ["iso", "encode", "0=0100", "4=abc"],
            "tapwright: field 4 (amount, transaction) must have 12 digits; 'abc' has 3 characters\n",
        ),
        (
            ["iso", "encode", "0=0100", "200=1"],
            "tapwright: field 200: there is no such field in ascii_1987; fields are numbered 2 to 128\n",
        ),
        (["iso", "decode", "00", "--dialect", "foo"], "there is no dialect foo"),
        (["record", "new", "--dialect", "foo"], "there is no dialect foo"),
        (["replay", "coffee.yaml"], "coffee.yaml:1: is no recorded frame"),
        (["journal", "dump", "--first", "0"], "--first and --last must be numbers of commands"),
        (["keys", "rewrap", "--new-root-key-file", "x"], "tapwright: there is no directory tapwright-data\n"),
        (["audit", "verify", "--data-dir", "there"], "tapwright: there is no directory there\n"),
        (["audit", "verify", "--data-dir", "empty"], "there is no vault in empty"),
        (["journal", "verify", "--data-dir", "no/nonexistent"], "tapwright: there is no directory no/nonexistent\n"),
        (["journal", "upgrade", "--data-dir", "no/nonexistent"], "tapwright: there is no directory no/nonexistent\n"),
        (
            ["journal", "accept-loss", "--data-dir", "no/nonexistent"],
            "tapwright: there is no directory no/nonexistent\n",
        ),
        (["journal", "verify", "--data-dir", "empty"], "tapwright: there is no journal in empty\n"),
        (["doctor", "--data-dir", "no/nonexistent"], "tapwright: there is no directory no/nonexistent\n"),
        (["doctor", "--data-dir", "empty"], "tapwright: there is no journal in empty\n"),
        (["explain", "auth_0000000000001", "--data-dir", "no/nonexistent"], "there is no directory no/nonexistent\n"),
        (["explain", "auth_0000000000001", "--data-dir", "empty"], "tapwright: there is no journal in empty\n"),
    ],
)
def test_one_line_that_names_it(arguments, problem, tmp_path, capsys):
    """What is wrong, and what to do. The exit code is 2 where arguments are wrong, 1 where what they name is away."""
    (tmp_path / "there").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "coffee.yaml").write_text("scenario: A coffee\nsteps:\n  - echo\n")
    code, said = told(arguments, capsys)
    assert code == (1 if any(away in said for away in _AWAY) else 2), said
    assert problem in said
    assert said.count("\n") == 1, said
    assert said.startswith("tapwright: ")
    assert not list((tmp_path / "empty").iterdir())


def test_a_port_that_is_taken_is_named(tmp_path, capsys):
    """And no recording of nothing is left behind, which would stand in the way of the next try."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = told(["record", "new", "--port", port], capsys)
    assert code == 1
    assert said.startswith(f"tapwright: port {port} on 127.0.0.1: address already in use; ")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("TAPWRIGHT_API_KEYS", "{broken", "setting api_keys: TAPWRIGHT_API_KEYS is not valid JSON"),
        ("TAPWRIGHT_API_KEYS", '{"secret-of-mine": ["owner"]}', "setting api_keys: must be 'issuer', "),
        ("TAPWRIGHT_API_KEYS", "[]", "setting api_keys: must be a table\n"),
        ("TAPWRIGHT_HTTP_PORT", "99999", "setting http_port: a port is a number from 0 to 65535\n"),
        ("TAPWRIGHT_ISO_PORT", "broken", "setting iso_port: a port is a number from 0 to 65535\n"),
        ("TAPWRIGHT_PUBLIC_URL", "foo", "setting public_url: 'foo' is not a URL such as https://sandbox.example\n"),
        (
            "TAPWRIGHT_PUBLIC_URL",
            "me:broken@foo",
            "setting public_url: the value is not a URL such as https://sandbox.example\n",
        ),
        ("TAPWRIGHT_ADVICE_LIMIT", "-1", "setting advice_limit: must be 0 or more\n"),
        ("TAPWRIGHT_PAN_DIGITS", "broken", "setting pan_digits: must be a whole number\n"),
        ("TAPWRIGHT_FRAME_SECONDS_MAX", "broken", "setting frame_seconds_max: must be a number\n"),
        ("TAPWRIGHT_FRAME_SECONDS_MAX", "0", "setting frame_seconds_max: must be more than 0.0\n"),
        ("TAPWRIGHT_LIMITED_USE_KEY_TAPS", "1001", "setting limited_use_key_taps: must be at most 1000\n"),
        ("TAPWRIGHT_ADVICE_LIMIT", "1" + 12 * "0", "setting advice_limit: must be less than 1000000000000\n"),
        ("TAPWRIGHT_VENDOR_APIS", "broken", "setting vendor_apis: must be true or false\n"),
        ("TAPWRIGHT_LOG_FORMAT", "broken", "setting log_format: must be 'console' or 'json'\n"),
        ("TAPWRIGHT_VENDOR_APIS_NOTIFY_URL", "x", "must be a URL such as https://issuer.example\n"),
        ("TAPWRIGHT_ISO_ACQUIRERS", '["broken"]', "setting iso_acquirers: must have the form ^[0-9]{1,11}$\n"),
        ("TAPWRIGHT_ISO_ACQUIRERS", "1", "setting iso_acquirers: must be a list\n"),
        ("TAPWRIGHT_ISO_LISTENERS", '[{"dialect": "bcd_1987"}]', "setting iso_listeners: port is missing\n"),
        (
            "TAPWRIGHT_ISO_LISTENERS",
            '[{"dialect": "bcd_1987", "port": 0, "broken": 1}]',
            "setting iso_listeners: it has a key that does not exist\n",
        ),
        ("TAPWRIGHT_ISO_LISTENERS", "[", "setting iso_listeners: TAPWRIGHT_ISO_LISTENERS is not valid JSON"),
        ("TAPWRIGHT_HTTP_PROT", "8420", "TAPWRIGHT_HTTP_PROT is not a setting; did you mean TAPWRIGHT_HTTP_PORT?"),
        ("TAPWRIGHT_DATADIR", "x", "TAPWRIGHT_DATADIR is not a setting; did you mean TAPWRIGHT_DATA_DIR?"),
    ],
)
def test_the_environment(variable, value, problem, monkeypatch, capsys):
    """A variable that is wrong or misspelt is named; what stands in it may be a secret, and is not shown."""
    monkeypatch.setenv(variable, value)
    code, said = told(["serve"], capsys)
    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith("tapwright: ")
    assert problem in said
    assert "secret-of-mine" not in said
    assert "broken" not in said


@pytest.mark.parametrize(
    "variable",
    ["TAPWRIGHT_URL", "TAPWRIGHT_ISO8583", "TAPWRIGHT_TEST_PCSC", "TAPWRIGHT_PORT", "TAPWRIGHT_SERVICE_HOST",
     "TAPWRIGHT_PORT_8420_TCP_ADDR", "TAPWRIGHT_SOMETHING",
     "TAPWRIGHT_HTTP_PORT", "TAPWRIGHT_API_KEYS__x", "PATH"],
)  # fmt: skip
def test_variables_that_are_no_mistakes(variable):
    """Where the server is, the test suite's, what Kubernetes sets for a service of this name, and others."""
    assert misspelt_settings({variable: "1"}, Settings.model_fields) == {}


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("TAPWRIGHT_URL", "foo", "TAPWRIGHT_URL 'foo' is not a URL such as http://127.0.0.1:8420"),
        ("TAPWRIGHT_ISO8583", "foo", "TAPWRIGHT_ISO8583 'foo' is not HOST:PORT, such as 127.0.0.1:8583"),
        (
            "TAPWRIGHT_ISO8583", "h:99999",
            "TAPWRIGHT_ISO8583 'h:99999': a port to connect to is a number from 1 to 65535",
        ),
    ],
)  # fmt: skip
def test_addresses_in_the_environment(variable, value, problem, monkeypatch, capsys):
    """The variable is named where it was read, and the flag where that was given."""
    monkeypatch.setenv(variable, value)
    assert told(["terminal", "1"], capsys) == (2, f"tapwright: {problem}\n")
    flag = "--url" if variable == "TAPWRIGHT_URL" else "--iso"
    code, said = told(["terminal", "1", flag, "bar"], capsys)
    assert code == 2
    assert said.startswith(f"tapwright: {flag} 'bar' is not ")


def test_the_file_of_settings(tmp_path, capsys):
    """A misspelt setting is named with what was meant; a file that is no TOML by its name."""
    (tmp_path / "tapwright.toml").write_text("http_prot = 1\n")
    assert "setting http_prot: there is no such setting; did you mean http_port?" in told(["serve"], capsys)[1]
    (tmp_path / "tapwright.toml").write_text("= 1\n")
    assert "tapwright.toml is not valid TOML" in told(["serve"], capsys)[1]


VERBS = next(each for each in argument_parser()._actions if isinstance(each, argparse._SubParsersAction)).choices


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_that_asks_a_server_takes_its_address(verb, monkeypatch):
    """From TAPWRIGHT_URL and TAPWRIGHT_ISO8583, when it is called and not before."""
    monkeypatch.setenv("TAPWRIGHT_URL", "http://bank.example:1")
    monkeypatch.setenv("TAPWRIGHT_ISO8583", "bank.example:2")
    choices = next(e for e in argument_parser()._actions if isinstance(e, argparse._SubParsersAction)).choices
    for action in choices[verb]._actions:
        if "--url" in action.option_strings:
            assert action.default == "http://bank.example:1" or action.const == ""
            assert "TAPWRIGHT_URL" in action.help
        if "--iso" in action.option_strings or "--to" in action.option_strings:
            assert action.default == "bank.example:2"


NEEDED = {
    "explain": ["auth_1"], "journal": ["verify"], "audit": ["verify"], "keys": ["rewrap", "--new-root-key-file", "x"],
    "scenario": ["run", "none.yaml"], "attack": ["relay"], "terminal": ["1"], "phone": ["--pcsc"],
    "iso": ["send", *ECHO], "emv": ["check", "00", "--token", "x"], "record": ["x"], "replay": ["x"],
    "switch": ["--route", "4=h:1"],
    "bench": [], "serve": [], "demo": [], "doctor": [], "listen": [], "logs": [],
    "trigger": ["authorization.approved"],
    "snapshot": ["save", "x"],
    "bank": ["books"],
    "receive": ["--secret", "whsec_dGFwd3JpZ2h0LXRlc3Qtc2VjcmV0"],
}  # fmt: skip
_SERVERLESS = ("serve", "journal", "audit", "keys", "doctor", "demo", "switch", "receive")
OPTIONS = [
    (verb, action.option_strings[0])
    for verb, parser in VERBS.items()
    for action in parser._actions
    if action.option_strings and action.nargs != 0 and verb != "demo"
]


@pytest.mark.parametrize("verb", [verb for verb, option in OPTIONS if option == "--api-key"])
@pytest.mark.parametrize("key", ["", " ", "secret\nkey", "secret\x00key"])
def test_keys_that_no_header_can_hold(verb, key, capsys):
    """Are refused as such, and are not shown: what is almost a key is a secret too."""
    needed = ["auth_0000000000001"] if verb == "explain" else NEEDED[verb]
    code, said = told([verb, *needed, "--url", NOBODY, "--api-key", key], capsys)
    assert (code, "--api-key must be a key" in said, "secret" in said) == (2, True, False), said


@pytest.mark.parametrize(("verb", "option"), OPTIONS)
def test_every_option_of_every_verb(verb, option, tmp_path, capsys):
    """With values that are none of anything, and nobody there to be asked: an error that is no traceback."""
    nowhere = [] if verb in _SERVERLESS else ["--url", NOBODY]
    if verb in ("iso", "record", "replay"):
        nowhere = ["--iso" if verb == "iso" else "--to", "127.0.0.1:1"]
    if verb == "bench":
        nowhere += ["--iso", "127.0.0.1:1"]
    (tmp_path / "x").write_text("{")
    for value in ("", "no/such/x", "-1", "nan", "\u00e9:99999"):
        if option in ("--log-level", "--public-url", "--acquirer", "--data-dir", "--tag") and verb in (
            "serve",
            "switch",
        ):
            continue  # any text is one, and the server would start
        arguments = [verb, *NEEDED[verb], *nowhere, f"{option}={value}"]
        if verb in ("serve", "switch"):
            arguments += ["--port=-1"] if verb == "switch" else ["--iso-listener", "none"]
        code, said = told(arguments, capsys)
        assert code, (arguments, said)
        assert "usage: " in said or said.count("\n") >= 1, (arguments, said)


def test_a_line_says_what_it_does_not_send(sandbox):
    """A message that the dialect cannot carry never goes out: it is not one without an answer."""
    link = IsoLink(sandbox.iso_address)
    with pytest.raises(codec.MessageError, match="field 4"):
        link.exchange({0: "0100", 4: "1"})
    link.close()
