"""Settings by their earlier names: they work in this version, with a warning, and never beside the name of now."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from simulators import EarlierNameWarning
from simulators.cli.command_line import argument_parser
from simulators.cli.flags.earlier_names import earlier_names_reported
from simulators.cli.flags.settings_flags import settings_from
from simulators.sandbox.settings.earlier_settings import EARLIER_LISTENER_KEYS, EARLIER_SETTINGS
from simulators.sandbox.settings.iso_listeners import IsoListener
from simulators.sandbox.settings.loading import load_settings, scratch_settings

VALUES = {
    "issuer_server_url": "http://127.0.0.1/decide",
    "issuer_server_secret": "whsec_" + "QUJD" * 8,
    "issuer_server_deadline_seconds": "1.5",
    "issuer_server_default": "approve",
    "look_alikes": "true",
    "look_alike_notify_url": "http://127.0.0.1/notify",
}
NAMES = pytest.mark.parametrize(("earlier", "now"), EARLIER_SETTINGS.items())


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """No configuration file but the one that a test writes."""
    monkeypatch.chdir(tmp_path)
    for name in ("URL", "SECRET"):
        monkeypatch.delenv(f"TAPWRIGHT_ISSUER_SERVER_{name}", raising=False)


@pytest.fixture
def beside(monkeypatch):
    """What a URL of the webhook cannot be without: its secret, by its name now."""

    def set_beside(earlier):
        if earlier == "issuer_server_url":
            monkeypatch.setenv("TAPWRIGHT_REALTIME_DECISIONING_SECRET", VALUES["issuer_server_secret"])

    return set_beside


def _read(settings, now):
    value = getattr(settings, now)
    return value.get_secret_value() if now.endswith("secret") else str(value).lower()


@NAMES
@pytest.mark.parametrize("where", ["environment", "lower case", "file"])
def test_an_earlier_name_is_the_setting(earlier, now, where, monkeypatch, tmp_path, beside):
    """In the environment as in the file."""
    beside(earlier)
    variable = f"TAPWRIGHT_{earlier.upper()}"
    if where == "file":
        (tmp_path / "tapwright.toml").write_text(f'{earlier} = "{VALUES[earlier]}"\n')
    else:
        monkeypatch.setenv(variable if where == "environment" else variable.lower(), VALUES[earlier])
    with pytest.warns(EarlierNameWarning, match=f"the setting {earlier} is {now} now"):
        settings = load_settings()
    assert _read(settings, now) == (VALUES[earlier] if now.endswith("secret") else VALUES[earlier].lower())


@NAMES
@pytest.mark.parametrize("where", ["environment", "file"])
def test_both_names_in_one_place_are_an_error(earlier, now, where, monkeypatch, tmp_path):
    """Even where they agree: whoever changes one of them would be surprised."""
    if where == "environment":
        monkeypatch.setenv(f"TAPWRIGHT_{now.upper()}", VALUES[earlier])
        monkeypatch.setenv(f"TAPWRIGHT_{earlier.upper()}", VALUES[earlier])
    else:
        (tmp_path / "tapwright.toml").write_text("".join(f'{name} = "{VALUES[earlier]}"\n' for name in (earlier, now)))
    with pytest.raises(ValueError, match=f"{earlier} is the earlier name of {now}, and both are set") as refused:
        load_settings()
    assert VALUES[earlier] not in str(refused.value)


def test_both_names_are_one_line_on_the_command_line(monkeypatch, capsys):
    """With what to do, and no values."""
    monkeypatch.setenv("TAPWRIGHT_LOOK_ALIKES", "true")
    monkeypatch.setenv("TAPWRIGHT_VENDOR_APIS", "true")
    assert settings_from({}) is None
    told = capsys.readouterr().err
    assert (
        told
        == "tapwright: settings: look_alikes is the earlier name of vendor_apis, and both are set; remove look_alikes\n"
    )


@pytest.mark.filterwarnings("ignore::simulators.EarlierNameWarning")
@pytest.mark.parametrize("name", ["look_alikes", "vendor_apis"])
@pytest.mark.parametrize("flag", ["--look-alikes", "--vendor-apis"])
def test_a_flag_overrides_a_variable_and_the_file(name, flag, monkeypatch, tmp_path):
    """By whichever of its names each of them is set."""
    flags = {"vendor_apis": argument_parser().parse_args(["serve", flag]).vendor_apis}
    monkeypatch.setenv(f"TAPWRIGHT_{name.upper()}", "false")
    assert settings_from(flags).vendor_apis
    monkeypatch.delenv(f"TAPWRIGHT_{name.upper()}")
    (tmp_path / "tapwright.toml").write_text(f"{name} = false\n")
    assert settings_from(flags).vendor_apis
    assert not settings_from({"vendor_apis": None}).vendor_apis


@pytest.mark.filterwarnings("ignore::simulators.EarlierNameWarning")
@pytest.mark.parametrize("in_file", ["look_alikes", "vendor_apis"])
@pytest.mark.parametrize("variable", ["LOOK_ALIKES", "VENDOR_APIS"])
def test_a_variable_overrides_the_file(in_file, variable, monkeypatch, tmp_path):
    """By whichever of its names each of them is set."""
    (tmp_path / "tapwright.toml").write_text(f"{in_file} = true\n")
    monkeypatch.setenv(f"TAPWRIGHT_{variable}", "false")
    assert not settings_from({}).vendor_apis


def test_a_wrong_value_is_told_by_the_name_of_now(monkeypatch):
    """As for any setting."""
    monkeypatch.setenv("TAPWRIGHT_ISSUER_SERVER_DEFAULT", "perhaps")
    with (
        pytest.warns(EarlierNameWarning),
        pytest.raises(ValidationError, match=r"realtime_decisioning_default\n"),
    ):
        load_settings()


def test_programs_may_give_it(tmp_path):
    """`scratch_sandbox(look_alikes=True)` is in programs of integrators."""
    with pytest.warns(EarlierNameWarning, match="vendor_apis"):
        assert scratch_settings(tmp_path, look_alikes=True).vendor_apis


@pytest.mark.parametrize(("flag", "lines"), [("--vendor-apis", 0), ("--look-alikes", 1)])
def test_the_flag(flag, lines, capsys):
    """The earlier flag is told in one line, and is in no help."""
    with earlier_names_reported():
        arguments = argument_parser().parse_args(["serve", flag])
    assert arguments.vendor_apis is True
    told = capsys.readouterr().err
    assert told == "tapwright: --look-alikes is --vendor-apis now; the next version drops the earlier name\n" * lines


def test_settings_are_told_on_the_command_line(monkeypatch, capsys):
    """Python hides warnings of this kind, so the command line writes them itself."""
    monkeypatch.setenv("TAPWRIGHT_LOOK_ALIKES", "true")
    with earlier_names_reported():
        assert settings_from({}).vendor_apis
    assert "the setting look_alikes is vendor_apis now" in capsys.readouterr().err


@pytest.mark.parametrize("earlier", ["ISSUER_SERVER_ULR", "ISSUER_SERVER_SECRETS", "LOOKALIKES"])
def test_a_misspelt_earlier_variable_is_refused(earlier, monkeypatch, capsys):
    """As a misspelt variable of now is: a setting that is silently ignored would be worse."""
    monkeypatch.setenv(f"TAPWRIGHT_{earlier}", "1")
    assert settings_from({}) is None
    assert f"TAPWRIGHT_{earlier} is not a setting; did you mean TAPWRIGHT_" in capsys.readouterr().err


_KEY = "0123456789ABCDEF0123456789ABCDEF"
_LISTENER_KEYS = pytest.mark.parametrize(
    ("earlier", "now", "value"),
    [(*names, value) for names, value in zip(EARLIER_LISTENER_KEYS.items(), [_KEY, {"12345": _KEY}], strict=True)],
)


@_LISTENER_KEYS
def test_a_listener_by_an_earlier_name(earlier, now, value):
    """The same listener, with a warning."""
    entry = {"dialect": "ascii_1987", "port": 0, "mac": "required"}
    with pytest.warns(EarlierNameWarning, match=f"the setting {earlier} is {now} now"):
        listener = IsoListener.model_validate(entry | {earlier: value})
    assert listener == IsoListener.model_validate(entry | {now: value})


@_LISTENER_KEYS
def test_a_listener_by_both_names(earlier, now, value):
    """An error that shows no key."""
    entry = {"dialect": "ascii_1987", "port": 0, "mac": "required", earlier: value, now: value}
    with pytest.raises(ValidationError, match=f"{earlier} is the earlier name of {now}") as refused:
        IsoListener.model_validate(entry)
    assert _KEY not in str(refused.value)


def test_a_listener_by_both_names_on_the_command_line(monkeypatch, tmp_path, capsys):
    """One line, which says where it is and shows no key."""
    monkeypatch.chdir(tmp_path)
    keys = f'line_key = "{_KEY}"\nkey_encryption_key = "{_KEY}"\n'
    Path("tapwright.toml").write_text(f'[[iso_listeners]]\ndialect = "ascii_1987"\nport = 0\nmac = "required"\n{keys}')
    assert settings_from({}) is None
    problem = "line_key is the earlier name of key_encryption_key, and both are set; remove line_key"
    assert capsys.readouterr().err == f"tapwright: setting iso_listeners: {problem}\n"
