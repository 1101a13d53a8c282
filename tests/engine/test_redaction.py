"""Redaction of texts and conversations: what goes, what survives, and what comes back."""

from __future__ import annotations

import base64
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import LINES, SPLIT_KEY, leaked

from schemas.budget import Usage
from schemas.model import (
    Message,
    ModelReply,
    ModelRequest,
    SystemPart,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from schemas.redaction import OFF, Action, Entities, RedactionPattern, RedactionPolicy
from sentree.engine.redaction import Redactor

KEY = b"k" * 32
EVERY = Entities(
    users=Action.PSEUDONYMISE,
    hosts=Action.PSEUDONYMISE,
    addresses=Action.PSEUDONYMISE,
    emails=Action.PSEUDONYMISE,
)
KNOWN = {"users": ["alice", "CORP\\bob.smith", "ann", "annabel"], "hosts": ["WS01.corp.local"]}
MASKING = Redactor(RedactionPolicy(), KEY)


def naming() -> Redactor:
    return Redactor(RedactionPolicy(entities=EVERY), KEY, KNOWN)


@pytest.mark.parametrize(("secret", "line"), LINES)
def test_a_secret_is_masked_in_plain_text_and_inside_json_inside_json(
    secret: str, line: str
) -> None:
    nested = json.dumps({"event": json.dumps({"CommandLine": line, "Image": "C:\\x.exe"})})
    for text in (line, json.dumps({"CommandLine": line}), nested, f"{line} "):
        shown = MASKING.text(text)
        assert secret not in shown and json.dumps(secret)[1:-1] not in shown
        assert leaked(shown.encode()) == []


EVIDENCE = (
    "Failed password for root from 198.51.100.7 port 22 ssh2",
    '"Hashes":"SHA1=ABCDEF0123456789ABCDEF0123456789ABCDEF01,MD5=0123456789abcdef0123456789abcdef"',
    "SHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    '"TokenElevationType":"%%1936","LogonGuid":"{8a1b2c3d-0000-1111-2222-333344445555}"',
    '"SubjectUserSid":"S-1-5-21-1004336348-1177238915-682003330-512","SessionId":"3"',
    '"event_uid": "0123456789abcdef0123456789abcdef", "PasswordLastSet": "2026-01-01"',
    "net user bob /delete", "net user /domain", "net use * /delete", "cat /etc/passwd /etc/shadow",
    "arn:aws:secretsmanager:us-east-1:123837392027:secret:prod/db-wL771x",
    '"clientRequestToken":"B6AC3D92-B952-4E5B-9B8D-F7A597E2F638"',
    "https://intranet:8443/a@b password=${DB_PASSWORD} password: null",
    "publicKeyToken=31bf3856ad364e35", '"KeyLength":"128","AuthenticationPackageName":"NTLM"',
    "The password is reset by an administrator; the token was renewed.",
)  # fmt: skip


@pytest.mark.parametrize("text", EVIDENCE)
def test_evidence_survives(text: str) -> None:
    assert MASKING.text(text) == text


def test_a_private_key_goes_whole_even_where_its_end_is_cut_off() -> None:
    for text in (SPLIT_KEY, SPLIT_KEY.replace("\n", "\\n"), SPLIT_KEY[:90]):
        shown = MASKING.text(f"before {text}")
        assert shown.startswith("before <masked-private-key-") and "MIIE" not in shown


def test_an_encoded_command_stays_readable_without_its_password() -> None:
    plain = "net user bob Enc0dedPw /add; whoami /all; hostname"
    blob = base64.b64encode(plain.encode("utf-16-le")).decode()
    shown = MASKING.text(f"powershell -enc {blob}").split()[-1]
    decoded = base64.b64decode(shown).decode("utf-16-le")
    assert "Enc0dedPw" not in decoded
    assert decoded.startswith("net user bob <masked-password-") and "whoami /all" in decoded


def test_the_same_secret_has_the_same_mark_and_another_has_another() -> None:
    one, again, other = (
        MASKING.text(text) for text in ("password=abc1", "PGPASSWORD=abc1 x", "password=abc2")
    )
    mark = one.partition("=")[2]
    assert mark in again and mark not in other


WORDS = st.lists(
    st.sampled_from(
        [
            "alice", "ALICE", "Alice", "aLiCe", "alicex", "ann", "Annabel", "bob.smith", "ws01",
            "WS01.corp.local", "WS01$", "10.1.2.3", "203.0.113.9", "fe80::1", "x.y@corp.com",
            "user-12345678", "HOST-0a0b0c0d", "user.7e-12345678", "12:34:56", "CORP\\bob.smith",
            '{"user":"alice"}', "alice-laptop", "-", "=", ",", "é", "İstanbul", "\n", "1.2.3.4.5",
            "select", "password=hunter2", "net user bob Pw1x /add", "<masked-password-0a0b0c0d>",
        ]
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(WORDS, st.sampled_from([" ", "", "/", '"', "."]))
def test_names_come_back_as_they_were_and_secrets_do_not(words: list[str], between: str) -> None:
    text = between.join(words)
    redactor = naming()
    shown = redactor.text(text)
    back = redactor.back(shown)
    assert back == redactor.masked(text)
    assert redactor.text(back) == shown
    assert redactor.masked(redactor.masked(text)) == redactor.masked(text)
    # Another run, which sees other texts first, gives the same names.
    assert naming().text(text) == shown


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([line for _, line in LINES]), min_size=1, max_size=6))
def test_parts_are_redacted_as_the_whole_is(lines: list[str]) -> None:
    whole = MASKING.text("\n".join(lines))
    assert whole == "\n".join(MASKING.text(line) for line in lines)


def test_names_are_found_whole_and_the_case_of_a_pseudonym_is_that_of_its_name() -> None:
    redactor = naming()
    lower, upper, title, longer, apart = redactor.text("ann ANN Ann annabel annalena").split()
    assert upper == lower.replace("user", "USER") and title == lower.replace("user", "User")
    assert longer != lower and longer.startswith("user-") and apart == "annalena"
    assert redactor.back(f"SELECT 1 WHERE u = '{lower}' OR u = '{upper}'").endswith(
        "'ann' OR u = 'ANN'"
    )


def test_a_pseudonym_that_an_attacker_writes_becomes_nobodys_name() -> None:
    redactor = naming()
    known = redactor.text("alice")
    shown = redactor.text(f"login of {known}")
    assert known not in shown
    assert redactor.back(shown) == f"login of {known}"


def test_a_name_that_could_end_a_string_is_never_put_into_code() -> None:
    evil = "x' OR 1=1; --"
    redactor = Redactor(
        RedactionPolicy(fields={"actor.user.name": Action.PSEUDONYMISE}),
        KEY,
        {"actor.user.name": [evil]},
    )
    shown = redactor.text(f"user {evil} logged in")
    assert evil not in shown
    assert redactor.back(shown) == shown


def test_fields_and_patterns_do_as_the_policy_says() -> None:
    policy = RedactionPolicy(
        fields={"cloud.account.uid": Action.MASK, "device.name": Action.DROP},
        patterns={
            "ticket": RedactionPattern(regex="INC-[0-9]{4}"),
            "project": RedactionPattern(regex="project ([A-Z]+)", action=Action.PSEUDONYMISE),
        },
    )
    known = {"cloud.account.uid": ["acc-4711"], "device.name": ["printer7"]}
    redactor = Redactor(policy, KEY, known)
    shown = redactor.text("acc-4711 on printer7: INC-1234 of project FALCON")
    assert "4711" not in shown and "printer7" not in shown and "FALCON" not in shown
    assert shown.startswith("<masked-cloud-account-uid-") and "<masked-ticket-" in shown
    assert "project FALCON" in redactor.back(shown)
    assert redactor.account().masked == {"cloud-account-uid": 1, "ticket": 1}


def test_every_part_of_a_request_is_redacted_and_thinking_goes_back_as_it_came() -> None:
    redactor = naming()
    thinking = ThinkingBlock(thinking="user-3f2a9c1d did it", signature="s")
    request = ModelRequest(
        model="m",
        system=(SystemPart(text="password=SysPw1"),),
        messages=(
            Message(role="user", content=(TextBlock(text="alice: password=TextPw1"),)),
            Message(
                role="assistant",
                content=(
                    thinking,
                    ToolUseBlock(id="t", name="run_python", input={"code": ["x = 'alice'"]}),
                ),
            ),
            Message(
                role="user",
                content=(ToolResultBlock(tool_use_id="t", content="pwd=ResultPw1 ann"),),
            ),
        ),
        output_schema={"type": "object", "description": "of alice, token=Schema1Token99"},
        max_tokens=100,
    )
    sent = redactor.request(request)
    text = sent.model_dump_json()
    for gone in ("SysPw1", "TextPw1", "ResultPw1", "Schema1Token99", "alice", "ann"):
        assert gone not in text.replace("annot", "").replace("answers", "")
    assert sent.messages[1].content[0] == thinking
    reply = ModelReply(
        model="m", content=sent.messages[1].content, stop_reason="tool_use", usage=Usage()
    )
    assert redactor.reply(reply).tool_uses[0].input == {"code": ["x = 'alice'"]}


def test_off_changes_nothing() -> None:
    assert Redactor(OFF, KEY, KNOWN).text("alice password=abc") == "alice password=abc"


@pytest.mark.parametrize(
    "hostile",
    [
        "password=" * 5_000, "net user " * 5_000, "-----BEGIN PRIVATE KEY-----" * 1_000,
        "eyJ" * 15_000, "://a:" * 10_000, "'" * 50_000, "\\" * 50_000, "sshpass -p " * 4_000,
        "curl " * 10_000, "A" * 50_000, "a.b@" * 12_000, "::::" * 12_000, "1.2." * 12_000,
        "ConvertTo-SecureString " * 2_000, "password" * 6_000, "-password " * 5_000,
        "cookie: " * 6_000, "user-" * 10_000, "mysql\t" * 8_000, "password: \"" * 4_000,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_no_text_makes_redaction_run_long(hostile: str) -> None:
    started = time.process_time()
    naming().text(hostile)
    assert time.process_time() - started < 2
