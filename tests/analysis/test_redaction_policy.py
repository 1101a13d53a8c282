"""The policy file: what it may say, what its errors tell, and the command that shows its effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.redaction import Action
from sentree.analysis.redaction import is_local, open_redactor, redaction_policy
from sentree.cli import run
from sentree.errors import ConfigurationError
from sentree.settings import Settings

POLICY = """
local_models = "secrets"
keep_secrets = ["aws-key-id"]

[entities]
addresses = "pseudonymise"

[names]
users = ["bob"]

[fields]
"cloud.account.uid" = "mask"

[patterns]
ticket = "INC-[0-9]{4}"
customer = { regex = "cust-([0-9]+)", action = "drop" }
"""


def settings_with(folder: Path, text: str, **more: object) -> Settings:
    path = folder / "redaction.toml"
    path.write_text(text, encoding="utf-8")
    return Settings.model_validate({"home": folder / "home", "redaction": str(path), **more})


def test_a_policy_file_is_read_whole_and_says_what_it_does(tmp_path: Path) -> None:
    policy = redaction_policy(settings_with(tmp_path, POLICY))
    assert policy.entities.addresses is Action.PSEUDONYMISE
    assert policy.patterns["customer"].action is Action.DROP
    assert policy.summary() == (
        "secrets masked, addresses: pseudonymise, cloud.account.uid: mask, "
        "2 patterns of your own (redaction.toml)"
    )


def test_secrets_are_masked_without_a_policy_and_off_must_be_said(tmp_path: Path) -> None:
    default = redaction_policy(Settings(home=tmp_path))
    assert default.secrets == "mask" and not default.has_names
    assert redaction_policy(Settings(home=tmp_path, redaction="off")).is_off


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[entities]\nusers = "hide"\n', ":2: entities.users: Input should be 'keep'"),
        ('\n\n[people]\nusers = "mask"\n', ":3: people: there is no such key"),
        ('[fields]\n\n"actor user" = "mask"\n', ":3: fields.actor user: an OCSF path looks like"),
        ('[patterns]\nx = "(a+)+b"\n', ":2: patterns.x: leave out"),
        ('[patterns]\nok = "a"\nx = "(a"\n', ":3: patterns.x: no regular expression"),
        ('[patterns]\nx = "a*"\n', ":2: patterns.x: it matches where nothing stands"),
        ("secrets =\n", "is no TOML"),
    ],
)
def test_an_error_names_the_line_and_what_may_stand_there(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        redaction_policy(settings_with(tmp_path, text))
    assert told in str(caught.value)


def test_a_policy_that_is_not_there_is_no_silent_default(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, redaction=str(tmp_path / "gone.toml"))
    with pytest.raises(ConfigurationError, match=r"gone\.toml can't be read"):
        redaction_policy(settings)


def test_a_model_on_this_machine_gets_names_if_the_policy_says_so_but_no_secrets(
    tmp_path: Path,
) -> None:
    text = "bob from 10.0.0.7 INC-1234 password=hunter2"
    local = settings_with(tmp_path, POLICY, base_url="http://[::1]:8080")
    assert is_local(local, "m") and not is_local(Settings(home=tmp_path), "m")
    assert not is_local(Settings(home=tmp_path, base_url="https://localhost.example.com"), "m")
    near = open_redactor(local, "m").text(text)
    assert near.startswith("bob from 10.0.0.7 INC-1234 password=<masked-password-")
    far = open_redactor(settings_with(tmp_path, POLICY), "m").text(text)
    assert "10.0.0.7" not in far and "INC-1234" not in far and "hunter2" not in far


def test_pseudonyms_are_of_the_installation(tmp_path: Path) -> None:
    def shown(folder: Path) -> str:
        folder.mkdir(exist_ok=True)
        return open_redactor(settings_with(folder, POLICY), "m").text("10.0.0.7")

    one, again, other = (shown(tmp_path / name) for name in ("a", "a", "b"))
    assert one == again and one != other
    assert (tmp_path / "a" / "home" / "secret").stat().st_mode & 0o077 == 0


def test_the_command_shows_what_would_be_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "app.log"
    log.write_text("net user bob S3cret! /add; AKIAIOSFODNN7EXAMPL1\n", encoding="utf-8")
    assert run(["redact", str(log), "--home", str(tmp_path / "home")]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("net user bob <masked-password-") and "AKIA" not in said.out
    assert "2 secrets or values masked (aws-key-id 1, password 1)" in said.err
    assert run(["redact", str(tmp_path / "gone"), "--home", str(tmp_path)]) == 4
