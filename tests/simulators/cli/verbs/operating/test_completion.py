"""The completion scripts complete what there is, in the shell that they are for."""

import shutil
import subprocess

import pytest

from simulators.cli.command_line import main


@pytest.fixture
def completed_in_bash(tmp_path, capsys):
    """What bash offers for the last of some words."""
    assert main(["completion", "bash"]) == 0
    (tmp_path / "completion").write_text(capsys.readouterr().out)
    (tmp_path / "coffee.yaml").write_text("")
    (tmp_path / "some-data").mkdir()

    def offered(*words):
        program = (
            'source ./completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_tapwright; echo "${COMPREPLY[@]}"'
        )
        command = ["bash", "-c", program, "bash", *words]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert run.stderr == ""
        return sorted(run.stdout.split())

    return offered


def test_bash_completes_commands_actions_flags_and_files(completed_in_bash):
    """Each by what the parser says of it."""
    assert completed_in_bash("tapwright", "sc") == ["scenario"]
    assert completed_in_bash("tapwright", "scenario", "s") == ["schema"]
    assert completed_in_bash("tapwright", "scenario", "run", "--j") == ["--junit"]
    assert completed_in_bash("tapwright", "serve", "--log-format", "j") == ["json"]
    assert completed_in_bash("tapwright", "serve", "--data-dir", "so") == ["some-data"]
    assert completed_in_bash("tapwright", "terminal", "--trace", "co") == ["coffee.yaml", "completion"]


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_have_their_script(shell, capsys, tmp_path):
    """It names every command, but for those hidden; the shell itself reads it where it is installed."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "warm-up" in script
    assert "--junit" in script
    assert "look-alikes" not in script
    if shutil.which(shell) is not None:
        (tmp_path / "script").write_text(script)
        subprocess.run([shell, "-n", tmp_path / "script"], check=True)


def test_a_shell_without_a_script_is_refused(capsys):
    """With those that have one."""
    with pytest.raises(SystemExit):
        main(["completion", "zhs"])
    assert "'zhs' is not one of bash, zsh, tcsh; did you mean zsh?" in capsys.readouterr().err
