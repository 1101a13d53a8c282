"""Values that are more than text: numbers, true and false, addresses, times."""

from __future__ import annotations

import ipaddress
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.sigma_oracle.ways import Record, Way, Ways, values_of
from bench.sigma_oracle.words import fold, fold_ascii

PARTS = ("minute", "hour", "day", "week", "month", "year")
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "eq": lambda left, right: left == right,
}
_DECIMAL = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]{1,13}")
_EXACT = 2**53


def _number_of(text: str) -> float | None:
    if _HEXADECIMAL.fullmatch(text):
        return float(int(text, 16))
    return float(text) if _DECIMAL.fullmatch(text) else None


def is_number(name: str, number: int | float, record: Record, ways: Ways) -> bool:
    as_number = Way.NUMBERS not in ways and abs(number) <= _EXACT
    return any(
        text == str(number) or (as_number and _number_of(text) == number)
        for text in values_of(record.get(name, ways), ways)
    )


def is_boolean(name: str, value: bool, record: Record, ways: Ways) -> bool:
    wanted = {"true" if value else "false"}
    if Way.BOOLEANS in ways:
        wanted.add("1" if value else "0")
    return any(fold(text) in wanted for text in values_of(record.get(name, ways), ways))


def is_ordered(name: str, sign: str, number: int | float, record: Record, ways: Ways) -> bool:
    for text in values_of(record.get(name, ways), ways):
        if Way.ORDER in ways:
            if ORDER[sign](fold_ascii(text), fold_ascii(str(number))):
                return True
            continue
        got = _number_of(text)
        if got is not None and ORDER[sign](got, number):
            return True
    return False


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_in_network(name: str, network: _Network, record: Record, ways: Ways) -> bool:
    texts = values_of(record.get(name, ways), ways)
    if Way.NETWORKS in ways:
        return any(_fits_pattern(text, network) for text in texts)
    return any(_is_in(text, network) for text in texts)


def _is_in(text: str, network: _Network) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0] if ":" in text else text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None and isinstance(network, ipaddress.IPv4Network):
        return mapped in network
    return address.version == network.version and address in network


def _fits_pattern(text: str, network: _Network) -> bool:
    """Compare as with the patterns that pySigma writes: whole octets, or hexadecimal digits."""
    bits = 8 if network.version == 4 else 4
    whole = -(-network.prefixlen // bits)
    for subnet in network.subnets(new_prefix=whole * bits):
        for start in _starts(subnet.network_address, whole):
            if fold_ascii(text).startswith(start) and (whole * bits < 32 or text == start):
                return True
            if network.version == 6 and fold_ascii(text).startswith(start):
                return True
    return False


def _starts(address: ipaddress.IPv4Address | ipaddress.IPv6Address, whole: int) -> Iterator[str]:
    if address.version == 4:
        octets = str(address).split(".")
        yield "".join(f"{octet}." for octet in octets[:whole]) if whole < 4 else str(address)
        return
    groups, digits = address.exploded.split(":"), whole % 4
    head, rest = groups[: whole // 4], groups[whole // 4 :][:1]
    part = rest[0][:digits] if rest and digits else ""
    for short in (False, True):
        shown = [group.lstrip("0") or "0" if short else group for group in head]
        tail = part.lstrip("0") if short else part
        yield "".join(f"{group}:" for group in shown) + tail


def _time_of(text: str) -> datetime | None:
    text = text.strip()
    if re.fullmatch(r"\d{9,19}(\.\d+)?", text, re.ASCII):
        whole = text.partition(".")[0]
        digits = len(whole)
        if "." in text and digits > 11:
            return None
        for longest, per_second in ((11, 1), (14, 10**3), (17, 10**6), (18, 10**7), (19, 10**9)):
            if digits <= longest:
                since = datetime(1601 if longest == 18 else 1970, 1, 1, tzinfo=UTC)
                seconds, rest = divmod(int(whole), per_second)
                try:
                    return since + timedelta(
                        seconds=seconds, microseconds=rest * 10**6 // per_second
                    )
                except OverflowError:
                    return None
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def is_time_part(name: str, part: str, sign: str, number: int, record: Record, ways: Ways) -> bool:
    for text in values_of(record.get(name, ways), ways):
        got = _strftime(text, part) if Way.TIMES in ways else _part(_time_of(text), part)
        if got is not None and ORDER[sign](got, number):
            return True
    return False


def _part(time: datetime | None, part: str) -> int | None:
    if time is None:
        return None
    return time.isocalendar().week if part == "week" else int(getattr(time, part))


_STRFTIME: dict[str, str] = dict(zip(PARTS, ("%M", "%H", "%d", "%W", "%m", "%Y"), strict=True))


def _strftime(text: str, part: str) -> int | None:
    with sqlite3.connect(":memory:") as connection:
        sql = "SELECT CAST(strftime(?, ?) AS INTEGER)"
        return connection.execute(sql, (_STRFTIME[part], text)).fetchone()[0]
