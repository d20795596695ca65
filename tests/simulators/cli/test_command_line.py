"""The verbs: explain from a server and from a directory, and the whole demo."""

import argparse
import contextlib
import io
import pkgutil
import re
from pathlib import Path

import pytest
from rich.console import Console

from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from simulators.cli.actions.demo import run_demo
from simulators.cli.command_line import argument_parser, main
from simulators.sandbox.wiring import running_sandbox
from simulators.scenarios.playing import ScenarioResult
from tests.conftest import settings_for


def _decision(issuer, new_phone, terminal):
    phone = new_phone()
    phone.provision(issuer.issue_card(issuer.open_account("EUR", 1_000, 1_000)["id"])["id"])
    return terminal.pay(phone, 2_000).authorization_id


def test_explain_asks_a_server(sandbox, issuer, new_phone, terminal, capsys):
    """The decision, its reason, its advice and every check."""
    identifier = _decision(issuer, new_phone, terminal)
    assert main(["explain", identifier, "--url", sandbox.http_url]) == 0
    shown = capsys.readouterr().out
    for text in (
        "DECLINED",
        identifier,
        "DE 39 = 61",
        "exceeds_limit",
        "20.00 EUR",
        "at most 10.00 EUR",
        "A limit is exceeded",
    ):
        assert text in shown
    assert re.search(r"not reached: available_credit", shown)


def test_explain_reads_a_directory(sandbox, issuer, new_phone, terminal, capsys):
    """The same from the journal alone, while the server goes on."""
    identifier = _decision(issuer, new_phone, terminal)
    main(["explain", identifier, "--url", sandbox.http_url])
    from_server = capsys.readouterr().out
    assert main(["explain", identifier, "--data-dir", str(sandbox.settings.data_dir)]) == 0
    assert capsys.readouterr().out == from_server


def test_explain_shows_what_was_posted(sandbox, issuer, new_phone, terminal, capsys):
    """Each posting of a decision by its amount, its kind and its id, from the server and from the journal."""
    phone = new_phone()
    phone.provision(issuer.issue_card(issuer.open_account("EUR", 10_000)["id"])["id"])
    transaction = terminal.start(4_000, operation="09", cash_minor=1_000)
    paid = terminal.authorize_card(phone, transaction, message_type="0200", cash_minor=1_000).authorization_id
    posting = paid.replace("auth_", "txn_")
    for source in (["--url", sandbox.http_url], ["--data-dir", str(sandbox.settings.data_dir)]):
        assert main(["explain", paid, *source]) == 0
        shown = capsys.readouterr().out
        assert f" posted 30.00 EUR as purchase ({posting})\n posted 10.00 EUR as cash ({posting}.1)\n" in shown
    held = terminal.pay(phone, 500).authorization_id
    assert main(["explain", held, "--url", sandbox.http_url]) == 0
    assert "posted" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["auth_7ZZZZZZZZZZZZ", "--url", "{url}"], "there is no authorization"),
        (["auth_0000000000001", "--url", "{url}", "--api-key", "wrong"], "unauthenticated"),
        (["auth_0000000000001", "--url", "{url}", "--api-key", "tapwright-test-wallet"], "missing_scope"),
        (["auth_0000000000001", "--url", "http://127.0.0.1:1"], "no server at"),
        (["auth_7ZZZZZZZZZZZZ", "--data-dir", "{data}"], "there is no authorization"),
        (["auth_0000000000001", "--data-dir", "{folder}"], "there is no journal in"),
    ],
)
def test_explain_fails_in_one_line(sandbox, tmp_path, capsys, arguments, words):
    """Nothing found, not allowed, nobody there: one line and exit code 1."""
    filled = [
        argument.format(url=sandbox.http_url, folder=tmp_path, data=sandbox.settings.data_dir) for argument in arguments
    ]
    assert main(["explain", *filled]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert len(error.splitlines()) == 1


def test_the_demo_tells_the_whole_story(tmp_path):
    """Approved, three refusals by name, and the balance after the kill; the data stays where it was asked to."""
    console = Console(record=True, width=120, file=io.StringIO())
    run_demo(console, tmp_path / "data")
    story = console.export_text()
    order = [
        "APPROVED",
        "invalid_cryptogram",
        "replayed_cryptogram",
        "exceeds_limit",
        "held 12.50 EUR, available 2487.50 EUR: as before",
        "replayed_cryptogram",
        "Done in",
    ]
    position = 0
    for words in order:
        position = story.index(words, position) + 1
    commands = sum(len(batch.commands) for batch in SegmentReader(Directory(tmp_path / "data" / "journal")).read())
    assert commands == 11  # each replay makes the terminal take back what it cannot tell from a copy
    with running_sandbox(settings_for(tmp_path / "data")) as sandbox:
        assert sandbox.http_url


def test_journal_verbs(sandbox, tmp_path, capsys):
    """A journal is verified and dumped beside its server; damage, or none there, is one line and exit code 1."""
    data = str(sandbox.settings.data_dir)
    assert main(["journal", "verify", "--data-dir", data]) == 0
    assert capsys.readouterr().out.startswith("whole: 1 segments")
    assert main(["journal", "dump", "--data-dir", data, "--last", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["journal", "checkpoint", "--data-dir", data]) == 0
    assert "nothing new" in capsys.readouterr().out
    assert main(["journal", "verify", "--data-dir", str(tmp_path)]) == 1
    assert "there is no journal" in capsys.readouterr().err
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / f"{1:020d}.journal").write_bytes(b"X" * 100)
    assert main(["journal", "verify", "--data-dir", str(tmp_path)]) == 1
    assert "damaged at byte 0" in capsys.readouterr().err


def test_ctrl_c_says_how_far_it_was(tmp_path, monkeypatch, capsys):
    """The exit code of an interruption, and how many scenarios had been played."""
    from simulators.cli.actions import scenario as verb
    from simulators.scenarios import servers

    played = []

    def play(scenario, _server):
        played.append(scenario)
        if len(played) == 3:
            raise KeyboardInterrupt
        return ScenarioResult(scenario)

    monkeypatch.setattr(servers, "fresh_server", lambda _scenario: contextlib.nullcontext())
    monkeypatch.setattr(verb, "play", play)
    for name in "abcd":
        (tmp_path / f"{name}.yaml").write_text("scenario: A coffee\nsteps:\n  - echo\n")
    assert main(["scenario", "run", str(tmp_path)]) == 130
    done = "2 of 4 scenarios were played, 2 passed; no report was written"
    assert capsys.readouterr().err.splitlines()[-1] == f"tapwright: interrupted: {done}"


def test_every_verb_of_the_folder_is_offered():
    """A file in `simulators/cli/verbs` that the command line does not name would be dead."""
    from simulators.cli import command_line, verbs

    found = pkgutil.walk_packages(verbs.__path__, f"{verbs.__name__}.")
    assert {verb.__name__ for verb in command_line._VERBS} == {module.name for module in found if not module.ispkg}


def test_values_of_flags_are_described_by_what_they_are():
    """The help says HOST:PORT, FILE or DIR where it would otherwise repeat the flag's name in capitals."""
    verbs = next(each for each in argument_parser()._actions if isinstance(each, argparse._SubParsersAction)).choices
    flags = [(name, flag) for name, verb in verbs.items() for flag in verb._actions if flag.option_strings]
    valued = [(name, flag) for name, flag in flags if flag.nargs != 0 and not flag.choices]
    assert [(name, flag.dest) for name, flag in valued if "_" in str(flag.metavar or flag.dest)] == []
    paths = [(name, flag.dest, flag.metavar) for name, flag in valued if flag.type is Path]
    assert [each for each in paths if each[2] != ("DIR" if each[1] == "data_dir" else "FILE")] == []
    assert {flag.metavar for _, flag in valued if flag.dest in ("iso", "to", "vpcd")} == {"HOST:PORT"}


def test_every_verb_is_described():
    """The help of each verb says in whole sentences what it does."""
    verbs = next(each for each in argument_parser()._actions if isinstance(each, argparse._SubParsersAction)).choices
    assert [name for name, verb in verbs.items() if not (verb.description or "").endswith(".")] == []
