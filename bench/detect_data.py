"""Makes what `bench/detect.py` measures on: Windows events, and more rules out of some rules.

The events' words have no meaning, but programs and switches are those of a working day, so that
rules' common words are met as often as in real logs. Nothing is copied from real logs.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from bench.ingest_sources import DAYS
from bench.ingest_words import HOSTS, KINDS, SYSMON, Fields, Words, process_start

REPEATED = 0.85
"""The share of events that say what an earlier one said; real logs repeat themselves more."""
POOL = 2_000
KEPT_WORDS = 0.2
"""The share of a rule's words that a rule made from it keeps: public rules share words, too."""
DAILY = (
    r"C:\Windows\System32\svchost.exe -k {0} -p -s {1}",
    r"C:\Windows\System32\cmd.exe /c {0}.bat {1}",
    r"C:\Windows\System32\cmd.exe /d /s /c npm run {0} -- --{1}",
    r"C:\Windows\System32\conhost.exe 0xffffffff -ForceV1",
    r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -NoProfile -File C:\{0}\{1}.ps1",
    r"C:\Windows\System32\rundll32.exe C:\Windows\System32\{0}.dll,{1}",
    r"C:\Windows\System32\msiexec.exe /i C:\Users\{0}\Downloads\{1}.msi /qn",
    r"C:\Windows\System32\net.exe use Z: \\{0}\{1}",
    r"C:\Windows\System32\schtasks.exe /query /tn \{0}\{1}",
    r"C:\Windows\System32\reg.exe query HKLM\SOFTWARE\{0} /v {1}",
    r"C:\Windows\System32\wbem\WmiPrvSE.exe -secured -Embedding",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe --type=renderer --{0}={1}",
    r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE /recycle {0} {1}",
    r"C:\Program Files\Microsoft VS Code\Code.exe --reuse-window C:\{0}\{1}.py",
    r"C:\Program Files\Git\cmd\git.exe fetch --all --prune {0} {1}",
    r"C:\Python311\python.exe -m {0} --{1}",
)
_TEXT = re.compile(r"[A-Za-z]{3,}")
_PLAIN_TYPES = (str,)
_KEPT_MODIFIERS = ("re", "cidr", "base64", "base64offset", "fieldref", "expand", "exists")


def daily_start(words: Words) -> Fields:
    """Give a program's start as on a working day, with the words of no meaning in it."""
    shown = words.random.choice(DAILY).format(words.name(), words.name())
    image = shown[: shown.lower().find(".exe") + 4]
    extra = {"Image": image, "CommandLine": shown, "OriginalFileName": image.split("\\")[-1]}
    parent = words.random.choice(DAILY)
    return process_start(words) | extra | {"ParentImage": parent[: parent.lower().find(".exe") + 4]}


def mixed(words: Words) -> Iterator[Fields]:
    """Give events of all kinds without end; most say again what an earlier one said."""
    makers = [daily_start if maker is process_start else maker for maker, _ in KINDS]
    weights = [weight for _, weight in KINDS]
    pools: list[list[Fields]] = [[] for _ in makers]
    while True:
        [kind] = words.random.choices(range(len(makers)), weights)
        pool = pools[kind]
        if pool and words.random.random() < REPEATED:
            fields = dict(words.random.choice(pool))
            for name, fresh in (("ProcessGuid", words.guid), ("ProcessId", words.pid)):
                if name in fields:
                    fields[name] = fresh()
            yield fields
            continue
        fields = makers[kind](words)
        if len(pool) < POOL:
            pool.append(fields)
        else:
            pool[words.random.randrange(POOL)] = fields
        yield fields


def distinct(words: Words) -> Iterator[Fields]:
    """Give starts of programs without end, no command line like another."""
    number = 0
    while True:
        number += 1
        fields = daily_start(words)
        shown = f"{fields['CommandLine']} {words.text(4)} --{words.word()}={number:x}"
        yield fields | {"CommandLine": shown, "ParentCommandLine": f"{words.program()} {number:x}"}


STREAMS = {"mixed": mixed, "distinct": distinct}


def write_events(path: Path, kind: str, count: int, seed: int = 7) -> None:
    """Write events in the order of time, with the header fields that a collector adds."""
    words = Words(seed)
    hosts = [f"{words.word()}.corp.example" for _ in range(HOSTS)]
    start, step = datetime(2026, 3, 2), timedelta(days=DAYS) / count
    with path.open("w", encoding="utf-8") as file:
        for number, fields in zip(range(count), STREAMS[kind](words), strict=False):
            at = (start + number * step).isoformat(timespec="milliseconds")
            shown = "\r\n".join(f"{name}: {value}" for name, value in fields.items())
            sysmon = fields["Channel"] == SYSMON
            head = {
                "@timestamp": f"{at}Z",
                "UtcTime": at.replace("T", " "),
                "Hostname": words.random.choice(hosts),
                "SourceName": f"Microsoft-Windows-{'Sysmon' if sysmon else 'Security-Auditing'}",
                "RecordNumber": number,
                "Level": "4",
                "Keywords": "0x8000000000000000",
                "Task": str(fields["EventID"]),
                "ThreadID": words.pid(),
                "tags": ["collected"],
                "Message": f"{words.text(8)}\r\n{shown}",
            }
            file.write(json.dumps(head | fields) + "\n")


def multiply_rules(source: Path, target: Path, count: int) -> int:
    """Write at least so many rules: those of a folder, and copies with other words in them.

    Numbers, regular expressions, networks and encoded values stay; of the other words, a share is
    kept and the rest get other letters, the same for the same word in one copy.
    """
    paths = sorted(path for path in source.rglob("*") if path.suffix in (".yml", ".yaml"))
    written = 0
    copy = 0
    while paths and written < count:
        for path in paths:
            text = path.read_text("utf-8")
            if copy and written < count:
                documents = [
                    _renamed(document, copy)
                    for document in yaml.load_all(text, Loader=yaml.CSafeLoader)
                    if isinstance(document, dict)
                ]
                text = yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False)
            elif copy:
                break
            target.joinpath(f"{copy:03}-{path.stem}.yml").write_text(text, "utf-8")
            written += 1
        copy += 1
    return written


def _renamed(rule: dict[str, Any], copy: int) -> dict[str, Any]:
    seed = f"{copy}-{rule.get('id')}"
    detection = rule.get("detection", {})
    changed = {
        name: value if name in ("condition", "timeframe") else _reworded(value, copy)
        for name, value in detection.items()
    }
    uid = str(UUID(int=random.Random(seed).getrandbits(128), version=4))
    return rule | {"id": uid, "title": f"{rule.get('title')} {copy}", "detection": changed}


def _reworded(value: Any, copy: int) -> Any:
    match value:
        case dict():
            return {
                name: each
                if any(part in _KEPT_MODIFIERS for part in str(name).split("|")[1:])
                else _reworded(each, copy)
                for name, each in value.items()
            }
        case list():
            return [_reworded(each, copy) for each in value]
        case str():
            return _TEXT.sub(lambda found: _word(found[0], copy), value)
        case _:
            return value


def _word(word: str, copy: int) -> str:
    rng = random.Random(f"{copy}:{word.lower()}")
    if rng.random() < KEPT_WORDS or word.lower() in ("exe", "dll", "true", "false"):
        return word
    shift = rng.randint(1, 25)
    return "".join(
        chr((ord(letter) - base + shift) % 26 + base)
        for letter in word
        for base in [97 if letter.islower() else 65]
    )
