"""Words that the command line does not know: what was meant, and the usage of the verb that they were given to."""

import re

import pytest

from simulators.cli.command_line import main


def refused(arguments, capsys):
    """The program whose usage is shown, and the error."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    *usage, error = capsys.readouterr().err.splitlines()
    return re.match(r"usage: ([a-z ]+[a-z]) ", usage[0])[1], error


@pytest.mark.parametrize(
    ("arguments", "program", "error"),
    [
        (["srve"], "tapwright", "there is no command srve; did you mean serve?"),
        (["Serve"], "tapwright", "there is no command Serve; did you mean serve?"),
        (["xyzzy"], "tapwright", "there is no command xyzzy"),
        (["--vresion"], "tapwright", "there is no flag --vresion; did you mean --version?"),
        (
            ["scenario", "rn"],
            "tapwright scenario",
            "argument action: 'rn' is not one of run, check, list, schema; did you mean run?",
        ),
        (["scenario", "run", "--sed", "5"], "tapwright scenario", "there is no flag --sed; did you mean --seed?"),
        (["scenario", "run", "--sed=5"], "tapwright scenario", "there is no flag --sed; did you mean --seed?"),
        (["switch", "--ruote", "4=h:1"], "tapwright switch", "there is no flag --ruote; did you mean --route?"),
        (["serve", "--xyzzy"], "tapwright serve", "there is no flag --xyzzy"),
        (["serve", "-x"], "tapwright serve", "there is no flag -x"),
        (["demo", "coffee"], "tapwright demo", "unexpected argument 'coffee'"),
        (
            ["serve", "--log-level", "inf"],
            "tapwright serve",
            "argument --log-level: 'inf' is not one of debug, info, warning, error; did you mean info?",
        ),
        (
            ["bench", "--merchants", "9"],
            "tapwright bench",
            "argument --merchants: '9' is not one of 1, 2, 3, 4, 5, 6, 7, 8",
        ),
    ],
)
def test_what_was_meant(arguments, program, error, capsys):
    """The usage is that of the verb, because the root's does not show the flag that was meant."""
    assert refused(arguments, capsys) == (program, f"{program}: error: {error}")


def test_flags_are_still_abbreviated(capsys):
    """The beginning of a flag stands for it, as before; here only its value is wrong."""
    assert main(["attack", "relay", "--var", "0"]) == 2
    assert "--variations 0: must be at least 1" in capsys.readouterr().err


def test_nothing_is_a_flag_behind_two_hyphens(capsys):
    """A value may begin with hyphens there."""
    assert main(["emv", "decode", "--", "--zz"]) == 2
    assert "the EMV data: expected hexadecimal digits" in capsys.readouterr().err
