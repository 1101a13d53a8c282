"""Writes large files of generated logs, one writer for each kind of source that is measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from bench.ingest_words import Words, windows_events

DAYS = 3
START = datetime(2026, 3, 2)

Writer = Callable[[Words, int], Iterator[str]]


def _times(count: int) -> Iterator[datetime]:
    step = timedelta(days=DAYS) / count
    for number in range(count):
        yield START + number * step


def windows(words: Words, count: int) -> Iterator[str]:
    """Wide Windows Security and Sysmon records as a collector writes them."""
    yield from map(json.dumps, windows_events(words, count, START, timedelta(days=DAYS)))


def cloudtrail(words: Words, count: int) -> Iterator[str]:
    """CloudTrail records, one a line."""
    draw = words.random
    names = ("GetObject", "DescribeInstances", "AssumeRole", "ListBuckets", "ConsoleLogin")
    for at in _times(count):
        account, user = str(draw.randint(10**11, 10**12)), words.name()
        yield json.dumps(
            {
                "eventVersion": "1.08",
                "userIdentity": {
                    "type": "IAMUser",
                    "principalId": words.digits(64),
                    "arn": f"arn:aws:iam::{account}:user/{user}",
                    "accountId": account,
                    "accessKeyId": words.digits(80),
                    "userName": user,
                    "sessionContext": {"attributes": {"mfaAuthenticated": "false"}},
                },
                "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "eventSource": f"{draw.choice(('s3', 'ec2', 'sts', 'iam'))}.amazonaws.com",
                "eventName": draw.choice(names),
                "awsRegion": draw.choice(("eu-west-1", "us-east-1")),
                "sourceIPAddress": words.address(),
                "userAgent": f"aws-cli/2.{draw.randint(1, 20)} {words.text(3)}",
                "requestParameters": {"bucketName": words.name(), "key": words.text(3)},
                "responseElements": None,
                "requestID": words.digits(64),
                "eventID": words.guid().strip("{}"),
                "readOnly": True,
                "eventType": "AwsApiCall",
                "managementEvent": True,
                "recipientAccountId": account,
                "eventCategory": "Management",
            }
        )


def zeek(words: Words, count: int) -> Iterator[str]:
    """Zeek's connections as JSON."""
    draw = words.random
    for at in _times(count):
        yield json.dumps(
            {
                "_path": "conn",
                "ts": at.timestamp(),
                "uid": f"C{words.digits(64)}",
                "id.orig_h": words.address(),
                "id.orig_p": draw.randint(1024, 65_535),
                "id.resp_h": words.address(),
                "id.resp_p": draw.choice((53, 80, 443, 445)),
                "proto": "tcp",
                "service": draw.choice(("http", "ssl", "dns")),
                "duration": round(draw.random() * 9, 6),
                "orig_bytes": draw.randint(0, 90_000),
                "resp_bytes": draw.randint(0, 90_000),
                "conn_state": "SF",
                "local_orig": True,
                "missed_bytes": 0,
                "history": "ShADadfF",
                "orig_pkts": draw.randint(1, 90),
                "orig_ip_bytes": draw.randint(40, 9_000),
                "resp_pkts": draw.randint(1, 90),
                "resp_ip_bytes": draw.randint(40, 9_000),
            }
        )


def ocsf(words: Words, count: int) -> Iterator[str]:
    """OCSF process activity of another producer."""
    draw = words.random
    for at in _times(count):
        yield json.dumps(
            {
                "class_uid": 1007,
                "category_uid": 1,
                "activity_id": 1,
                "type_uid": 100701,
                "severity_id": 1,
                "time": int(at.timestamp() * 1000),
                "metadata": {
                    "version": "1.3.0",
                    "product": {"name": "Lamp", "vendor_name": "Harborlight"},
                    "uid": words.guid(),
                },
                "process": {
                    "pid": draw.randint(4, 60_000),
                    "name": words.name(),
                    "cmd_line": words.text(6),
                    "file": {"path": words.program(), "name": words.name(), "type_id": 1},
                    "parent_process": {"pid": draw.randint(4, 60_000), "name": words.name()},
                },
                "actor": {"user": {"name": words.name(), "uid": words.pid()}},
                "device": {"hostname": words.name(), "type_id": 0, "ip": words.address()},
            }
        )


def syslog(words: Words, count: int) -> Iterator[str]:
    """Lines of sshd behind a syslog header."""
    draw = words.random
    for at in _times(count):
        result = draw.choice(("Accepted publickey", "Failed password"))
        yield (
            f"{at:%b} {at.day:2} {at:%H:%M:%S} {words.name()} sshd[{words.pid()}]: {result} for"
            f" {words.name()} from {words.address()} port {draw.randint(1024, 65_535)} ssh2"
        )


def web(words: Words, count: int) -> Iterator[str]:
    """A web server's access log in the combined format."""
    draw = words.random
    for at in _times(count):
        yield (
            f"{words.address()} - {words.name()} [{at:%d/%b/%Y:%H:%M:%S} +0000]"
            f' "GET /{words.name()}/{words.name()}.html?q={words.name()} HTTP/1.1"'
            f" {draw.choice((200, 304, 404))} {draw.randint(0, 90_000)}"
            f' "https://{words.name()}.example/" "Mozilla/5.0 ({words.text(4)})"'
        )


SOURCES: dict[str, Writer] = {
    each.__name__: each for each in (windows, cloudtrail, zeek, ocsf, syslog, web)
}
TEXT = frozenset({"syslog", "web"})
"""Sources whose lines are no JSON: DuckDB reads them as lines."""


def write_source(name: str, path: Path, count: int, seed: int = 7) -> None:
    """Write a file of so many events of a source."""
    with path.open("w", encoding="utf-8") as file:
        for line in SOURCES[name](Words(seed), count):
            file.write(line + "\n")
