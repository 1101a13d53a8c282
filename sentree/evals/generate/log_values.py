"""Draws values of the kinds that log fields hold; every name in them is made up."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from random import Random
from typing import Any

import yaml

SYLLABLES = ("ka", "ro", "li", "ne", "mo", "ta", "vi", "su", "po", "de")
_LISTS: dict[str, Any] = yaml.safe_load(
    files("sentree.evals.generate").joinpath("log_values.yml").read_text(encoding="utf-8")
)
USERS: list[str] = _LISTS["users"]
WORDS: list[str] = _LISTS["words"]
CHOICES: dict[str, list[str]] = _LISTS["choices"]


def value(kind: str, draw: Random) -> str:
    """Draw a value of a kind; an unknown kind is a word."""
    if kind in CHOICES:
        return draw.choice(CHOICES[kind]).replace("\\\\", "\\")
    return MADE.get(kind, _word)(draw)


def _word(draw: Random) -> str:
    return draw.choice(WORDS) if draw.random() < 0.7 else _name(draw)


def _name(draw: Random) -> str:
    return "".join(draw.choices(SYLLABLES, k=draw.randint(2, 4)))


def _ip(draw: Random) -> str:
    first = draw.choice(("10", "192.168", "172.16", "203.0", "198.51"))
    rest = 4 - len(first.split("."))
    return first + "".join(f".{draw.randint(1, 254)}" for _ in range(rest))


def _hex(draw: Random, size: int) -> str:
    return f"{draw.getrandbits(size * 4):0{size}x}"


def _guid(draw: Random) -> str:
    return "-".join(_hex(draw, size) for size in (8, 4, 4, 4, 12))


def _fqdn(draw: Random) -> str:
    first = draw.choice(("www", "api", "mail", "cdn", _name(draw)))
    return f"{first}.{_name(draw)}.{draw.choice(('com', 'net', 'example', 'io'))}"


def _trace(draw: Random) -> str:
    called = [f"{_name(draw)}.dll+{_hex(draw, 5)}" for _ in range(3)]
    return "|".join(f"C:\\Windows\\System32\\{each}" for each in called)


def _command(draw: Random) -> str:
    switch = draw.choice(("-c", "/c", "--run", "-nop -w hidden"))
    return f"{_name(draw)}{draw.choice(('.exe', ''))} {switch} {_name(draw)}"


def _urlpath(draw: Random) -> str:
    return (
        "/"
        + "/".join(_name(draw) for _ in range(draw.randint(1, 3)))
        + draw.choice(("", ".php", "?id=7", ".html"))
    )


def _path(draw: Random, *ends: str) -> str:
    return value("folder", draw) + _name(draw) + draw.choice(ends)


def _time(draw: Random) -> str:
    day, hour, minute = draw.randint(10, 28), draw.randint(10, 23), draw.randint(10, 59)
    return draw.choice(
        (
            f"2026-01-{day}T{hour}:{minute}:07Z",
            f"2026-01-{day} {hour}:{minute}:07",
            f"17676{draw.randint(10000, 99999)}",
            f"17676{draw.randint(10000, 99999)}123",
        )
    )


MADE: dict[str, Callable[[Random], str]] = {
    "trace": _trace,
    "time": _time,
    "ip": _ip,
    "guid": _guid,
    "user": lambda draw: draw.choice(USERS) if draw.random() < 0.6 else _name(draw),
    "host": lambda draw: (
        f"{value('hostpart', draw)}{draw.randint(1, 99)}"
        + draw.choice(("", ".corp.example", "-EU"))
    ),
    "domain": lambda draw: draw.choice(("CORP", "corp.example", _name(draw))),
    "port": lambda draw: str(
        draw.choice((22, 53, 80, 443, 445, 3389, 8080, draw.randint(1024, 65535)))
    ),
    "hex": lambda draw: "0x" + _hex(draw, draw.choice((3, 6, 8))),
    "email": lambda draw: (
        f"{_name(draw)}.{_name(draw)}@{_name(draw)}.{draw.choice(('com', 'example'))}"
    ),
    "number": lambda draw: str(draw.randint(1, 10 ** draw.randint(1, 6))),
    "number12": lambda draw: str(draw.randint(10**11, 10**12)),
    "exe": lambda draw: _path(draw, ".exe", ".exe", ""),
    "cmd": _command,
    "hash": lambda draw: _hex(draw, draw.choice((32, 40, 64))),
    "path": lambda draw: _path(
        draw, ".docx", ".txt", ".tmp", ".exe", ".conf", ".sh", ".so", ".dll", ""
    ),
    "file": lambda draw: _name(draw) + draw.choice((".docx", ".pdf", ".xlsx", ".zip", ".png")),
    "dll": lambda draw: _path(draw, ".dll", ".dll", ".so"),
    "sys": lambda draw: _path(draw, ".sys", ".ko", ".sys"),
    "regkey": lambda draw: (
        draw.choice(
            (
                "HKLM\\SOFTWARE\\",
                "HKCU\\Software\\",
                "HKEY_LOCAL_MACHINE\\SYSTEM\\",
                "\\REGISTRY\\MACHINE\\",
            )
        )
        + _name(draw)
        + "\\Run"
    ),
    "url": lambda draw: draw.choice(("https://", "http://")) + _fqdn(draw) + _urlpath(draw),
    "urlpath": _urlpath,
    "fqdn": _fqdn,
    "mac": lambda draw: ":".join(_hex(draw, 2) for _ in range(6)),
    "msgid": lambda draw: f"<{_hex(draw, 12)}@{_fqdn(draw)}>",
    "cve": lambda draw: f"CVE-20{draw.randint(10, 26)}-{draw.randint(1000, 49999)}",
    "version": lambda draw: f"{draw.randint(1, 20)}.{draw.randint(0, 9)}.{draw.randint(0, 30)}",
    "kb": lambda draw: f"KB50{draw.randint(10000, 99999)}",
}
