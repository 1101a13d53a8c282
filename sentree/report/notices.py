"""Tells people of a digest: whether there is reason to, in which words, and once only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from schemas.digest import LEVELS, DigestReport, Notice
from schemas.result import Result
from sentree.lake.db import Lake
from sentree.lake.digests import begin_notice, end_notice, failed_notices
from sentree.report.escape import cut, message
from sentree.settings import NotifySettings

MOST_LINES = 10
LINE = 220
BODY = 2_000
ATTEMPTS = 3

Deliver = Callable[[str, str, str], str]
"""Sends a title and a body to an address; gives an empty text, or why it could not."""


class Text(NamedTuple):
    """A message."""

    title: str
    body: str


def compose(result: Result, notify: NotifySettings) -> Text | None:
    """Write the message about a digest; None if it holds nothing that anybody asked to be told.

    What logs hold stands in it only as names, escaped and cut.
    """
    report = DigestReport.model_validate(result.data)
    asked = LEVELS[LEVELS.index(notify.level) :]
    grave = [one for one in report.findings if one.level in asked]
    silent = [one for one in report.silences if not one.known] if notify.silent else []
    broken = report.degraded if notify.degraded else ()
    if not (grave or silent or broken):
        return None
    several = len(report.spans) > 1
    lines = [
        f"{one.level}: {_name(one.title)}{f' on {_name(one.host)}' if one.host else ''}"
        f"{f' ({_name(one.tenant)})' if several else ''}, {_count(one.events, 'event')}"
        f"{'' if one.before else ', new here'}"
        for one in grave
    ]
    lines += [
        f"silent since {one.last_seen:%Y-%m-%d %H:%M} UTC: {_name(one.name)}" for one in silent
    ]
    lines += [f"degraded: {message(text)}" for text in broken]
    shown = [cut(line, LINE) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"and {len(lines) - MOST_LINES:,} more")
    heads = [
        f"{_count(len(grave), 'finding')} of level {notify.level} or higher" if grave else "",
        _count(len(silent), "silent source") if silent else "",
        "degraded" if broken else "",
    ]
    shown.append(f"sentree show {result.run_uid}")
    title = f"Sentree digest: {', '.join(filter(None, heads))}"
    return Text(title, cut("\n".join(shown), BODY))


def tell(
    lake: Lake, notify: NotifySettings, result: Result | None, deliver: Deliver
) -> tuple[Notice, ...]:
    """Send what is to be told of a digest, and again what failed before; never raises for it.

    Each message is claimed in the lake before it is sent: two processes never send it both. One
    that failed is tried again with later digests, `ATTEMPTS` times in all.
    """
    if not notify.urls:
        return ()
    urls = {_uid(url.get_secret_value()): url.get_secret_value() for url in notify.urls}
    names = {uid: f"{number}: {_kind(url)}" for number, (uid, url) in enumerate(urls.items(), 1)}
    text = compose(result, notify) if result else None
    due = [(result.run_uid, uid, text) for uid in urls] if result and text else []
    again = [
        (one.run_uid, one.target_uid, Text(one.title, one.body))
        for one in failed_notices(lake, ATTEMPTS)
        if one.target_uid in urls
    ]
    told: list[Notice] = []
    for run_uid, uid, words in _once(again, due):
        attempt = begin_notice(lake, run_uid, uid, names[uid], words, ATTEMPTS)
        if attempt is None:
            continue
        reason = cut(message(without_secrets(deliver(urls[uid], *words), urls[uid])), LINE)
        outcome = "failed" if reason else "sent"
        end_notice(lake, run_uid, uid, names[uid], outcome, attempt, reason, words)
        told.append(
            Notice(
                run_uid=run_uid,
                target=names[uid],
                outcome=outcome,
                attempts=attempt,
                detail=reason,
            )
        )
    return tuple(told)


def without_secrets(text: str, url: str) -> str:
    """Take out of a text every part of an address that may be a key or password."""
    rest = url.partition("://")[2]
    parts = {part for part in _parts(rest) if len(part) >= 4}
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, "****")
    return text


def _parts(text: str) -> Sequence[str]:
    for sign in "/?&=#@:":
        text = text.replace(sign, "\n")
    return text.split("\n")


def _once(*groups: Sequence[tuple[str, str, Text]]) -> list[tuple[str, str, Text]]:
    found: dict[tuple[str, str], tuple[str, str, Text]] = {}
    for group in groups:
        for one in group:
            found.setdefault(one[:2], one)
    return list(found.values())


def _uid(url: str) -> str:
    return sha256(url.encode()).hexdigest()[:12]


def _kind(url: str) -> str:
    return message(url.partition("://")[0])[:30] if "://" in url else "address"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _name(text: str) -> str:
    return cut(message(text), 80)
