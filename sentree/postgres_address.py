"""The address of a Postgres catalogue: read in each of its forms, shown without its password."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

FORMS = (
    "postgres://USER:PASSWORD@HOST:PORT/DATABASE, or postgres:host=HOST dbname=DATABASE user=USER"
)
MASK = "********"
PAIR = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?:\s+|$)")
PLAIN = re.compile(r"[^\s'\\]+")
SECONDS_TO_CONNECT = "10"


class PostgresAddress(NamedTuple):
    """Where the catalogue is: libpq's options in order, and the password apart from them."""

    options: tuple[tuple[str, str], ...]
    password: str | None

    @property
    def conninfo(self) -> str:
        """Give libpq's connection string, without the password."""
        options = {"connect_timeout": SECONDS_TO_CONNECT, **dict(self.options)}
        return " ".join(f"{name}={_quoted(value)}" for name, value in options.items())

    @property
    def shown(self) -> str:
        """Give the address for people to read, the password masked."""
        options = [*self.options, *([("password", MASK)] if self.password else [])]
        return "postgres:" + " ".join(f"{name}={_quoted(value)}" for name, value in options)


def read_address(text: str) -> PostgresAddress:
    """Read an address: a URL, or libpq's `name=value` pairs, with or without `postgres:` before.

    Raises:
        ValueError: it is neither; the message holds nothing of the text.
    """
    text = text.strip().removeprefix("ducklake:")
    is_url = text.startswith(("postgres://", "postgresql://"))
    options = _url_options(text) if is_url else _pairs(text.removeprefix("postgres:"))
    if "sslpassword" in options:
        raise ValueError("a key with a passphrase (sslpassword) is not supported in a catalogue")
    password = options.pop("password", None)
    return PostgresAddress(tuple(options.items()), password or None)


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        pair = PAIR.match(text, place)
        if pair is None:
            break
        value = pair[2][1:-1] if pair[2].startswith("'") else pair[2]
        found[pair[1]] = re.sub(r"\\(.)", r"\1", value)
        place = pair.end()
    if not found or place < len(text):
        raise ValueError(f"no address of a Postgres database: write {FORMS}")
    return found


def _url_options(text: str) -> dict[str, str]:
    try:
        parts = urlsplit(text)
        user, _, places = parts.netloc.rpartition("@")
        name, _, password = user.partition(":")
        hosts = list(_hosts(places))
    except ValueError:
        raise ValueError(f"no address of a Postgres database: write {FORMS}") from None
    options: Mapping[str, str] = {
        "host": ",".join(host for host, _ in hosts),
        "port": ",".join(port for _, port in hosts) if any(port for _, port in hosts) else "",
        "user": unquote(name),
        "password": unquote(password),
        "dbname": unquote(parts.path.removeprefix("/")),
        **dict(parse_qsl(parts.query)),
    }
    return {name: value for name, value in options.items() if value}


def _hosts(text: str) -> Iterator[tuple[str, str]]:
    for place in text.split(","):
        host, _, port = place.rpartition(":") if re.search(r":\d*$", place) else (place, "", "")
        yield unquote(host.strip("[]")), port


def _quoted(value: str) -> str:
    if PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
