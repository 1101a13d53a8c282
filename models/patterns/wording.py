"""How findings are worded: one plain sentence from an event's fields, safe to show anywhere.

Values come from attackers. Each is shortened, and every character that could move the cursor, hide
or reorder text is written out. Escaping for HTML, Markdown or a prompt is left to those doors.
"""

from __future__ import annotations

import json
import re
import unicodedata

from models.patterns.sight import Sight

VALUE_LIMIT = 160
STATEMENT_LIMIT = 480
QUOTE_LIMIT = 200

_HARMFUL = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_PLAIN_RUN = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")


def plain(value: str, limit: int = VALUE_LIMIT) -> str:
    """Make a value fit for one line: shortened in the middle, invisible characters written out."""
    text = " ".join(value[: limit * 4].split()) if len(value) > limit else value
    text = re.sub(r"\s+", " ", text).strip()
    if not text.isascii() or not text.isprintable():
        text = "".join(_visible(char) for char in text[: limit * 2])
    if len(text) > limit or len(value) > limit * 4:
        head, tail = text[: limit * 3 // 4], text[-(limit // 5) :]
        text = f"{head}…{tail}" if len(text) > limit else f"{text}…"
    return text


def _visible(char: str) -> str:
    if unicodedata.category(char) not in _HARMFUL:
        # A pile of combining marks runs over the lines above and below it.
        return "" if unicodedata.combining(char) else char
    return f"\\u{ord(char):04x}"


def quote_from(value: str) -> str | None:
    """Give a part of a value that reads the same decoded and inside JSON text.

    That is its longest run without backslash, quote, control or non-ASCII characters, so it can be
    looked up in the raw record whatever way that is escaped.
    """
    best = max(_PLAIN_RUN.findall(value[:8192]), key=len, default="").strip()
    return best[:QUOTE_LIMIT].strip() or None


def stands_in(quote: str, *texts: str | None) -> bool:
    """Tell whether a quote stands in one of an event's texts, as it is or JSON-escaped."""
    escaped = json.dumps(quote)[1:-1]
    return any(text is not None and (quote in text or escaped in text) for text in texts)


def describe(sight: Sight) -> str:
    """Say in a few words what the event records: the first half of a statement."""
    build = _SUBJECTS.get(sight.scope)
    return build(sight) if build else _other(sight)


def statement(host: str | None, what: str, why: str) -> str:
    """Put the sentence together: where, what, why it matters."""
    return placed(host, f"{what} — {why}." if what else f"{why}.")


def placed(host: str | None, sentence: str) -> str:
    """Begin a sentence with the host, unless the host is its subject already; bound its length."""
    name = plain(host, 64) if host else ""
    if name and not sentence.startswith(f"{name} "):
        sentence = f"{name}: {sentence}"
    if len(sentence) > STATEMENT_LIMIT:
        sentence = sentence[: STATEMENT_LIMIT - 1] + "…"
    return sentence


def _program(s: Sight) -> str:
    name = plain(s.show("name"), 80) or "a process"
    details: list[str] = []
    if s.show("pid"):
        details.append(f"pid {plain(s.show('pid'), 12)}")
    if s.show("user"):
        details.append(f"user {plain(s.show('user'), 64)}")
    return f"{name} ({', '.join(details)})" if details else name


def _process(s: Sight) -> str:
    parent = plain(s.show("parent"), 80)
    text = f"{_program(s)} started"
    if parent:
        text += f" by {parent}"
    cmd = plain(s.show("cmd"))
    path = plain(s.show("path"), 120)
    return f"{text} as `{cmd}`" if cmd else f"{text} from {path}" if path else text


def _access(s: Sight) -> str:
    mask = plain(s.show("mask"), 20)
    rights = f" with access {mask}" if mask else ""
    return f"{_program(s)} opened {plain(s.show('target'), 80) or 'a process'}{rights}"


def _inject(s: Sight) -> str:
    return f"{_program(s)} reached into {plain(s.show('target'), 80) or 'a process'}"


def _module(s: Sight) -> str:
    return f"{_program(s)} loaded {plain(s.show('file'), 120)}"


def _file(s: Sight) -> str:
    return f"{_program(s)} wrote {plain(s.show('file'), 140)}"


def _registry(s: Sight) -> str:
    key, data = s.show("key"), plain(s.show("data"), 120)
    did = {"deletekey": "deleted", "deletevalue": "deleted", "createkey": "created"}.get(
        s.field("eventtype"), "set"
    )
    return f"{_program(s)} {did} {plain(key, 150)}" + (f" to `{data}`" if data else "")


def _pipe(s: Sight) -> str:
    return f"{_program(s)} used the pipe {plain(s.show('pipe'), 80)}"


def _network(s: Sight) -> str:
    source, target = plain(s.show("src"), 48), plain(s.show("dst") or s.show("dst_host"), 80)
    port = plain(s.show("port"), 8)
    end = f"{target}:{port}" if port else target
    if s.row.get("sensor") == "zeek" or not s.show("name"):
        return f"{source or 'a host'} connected to {end or 'a host'}"
    if s.field("code") in {"5154", "5158"}:
        return f"{_program(s)} listened on {plain(s.show('sourceport'), 8) or 'a port'}"
    return f"{_program(s)} connected to {end or 'a host'}"


def _dns(s: Sight) -> str:
    who = _program(s) if s.show("name") else plain(s.show("src"), 48) or "a host"
    return f"{who} looked up {plain(s.show('query'), 140)}"


def _http(s: Sight) -> str:
    agent = plain(s.show("agent"), 80)
    target = plain(s.show("http_host") or s.show("dst"), 80)
    uri = plain(s.show("uri"), 120)
    where = uri if "://" in uri else f"{target}{uri}"
    by = f" as `{agent}`" if agent else ""
    return f"{plain(s.show('src'), 48) or 'a host'} asked for {where}{by}"


def _logon(s: Sight) -> str:
    failed = s.field("code") in {"4625", "4771"} or s.row.get("status_id") == 2
    text = (
        f"{plain(s.show('account'), 64) or 'someone'} {'failed to log' if failed else 'logged'} on"
    )
    if s.field("code") == "4648":
        subject = plain(s.show("subject"), 64) or "someone"
        name = plain(s.show("name"), 64)
        text = f"{subject} used the credentials of {plain(s.show('account'), 64)}"
        text += f" through {name}" if name else ""
    kind = plain(s.show("logon"), 4)
    text += f" (logon type {kind})" if kind and kind != "0" else ""
    source = plain(s.show("src"), 48)
    return text + (f" from {source}" if source and s.field("src_kind") != "local" else "")


def _mail(s: Sight) -> str:
    files = plain(s.show("attachments").replace("\n", ", "), 100)
    subject = plain(s.show("subject_line"), 100)
    return f"{plain(s.show('sender'), 80) or 'someone'} sent “{subject}”" + (
        f" with {files}" if files else ""
    )


def _kerberos(s: Sight) -> str:
    service = plain(s.show("servicename") or s.show("service"), 80)
    who = plain(s.show("client") or s.show("account"), 64) or "someone"
    source = plain(s.show("src"), 48)
    return f"{who} asked for a ticket for {service or 'a service'}" + (
        f" from {source}" if source else ""
    )


def _share(s: Sight) -> str:
    who = plain(s.show("subject"), 64) or plain(s.show("src"), 48) or "someone"
    source = plain(s.show("src"), 48)
    relative = plain(s.show("relative"), 100)
    path = plain(s.show("share"), 80) + (f"\\{relative}" if relative else "")
    at = plain(s.show("dst"), 48) if s.row.get("sensor") == "zeek" else ""
    place = f" on {at}" if at else ""
    return f"{who} used {path}{place}" + (f" from {source}" if source and source != who else "")


def _rpc(s: Sight) -> str:
    return (
        f"{plain(s.show('src'), 48)} called {plain(s.show('endpoint'), 60)}"
        f"::{plain(s.show('operation'), 60)} on {plain(s.show('dst'), 48)}"
    )


def _service(s: Sight) -> str:
    binary = plain(s.show("binary"), 140)
    runs = f" runs `{binary}`" if binary else " was named"
    return f"service {plain(s.show('service'), 80) or 'without a name'}{runs}"


def _task(s: Sight) -> str:
    who = plain(s.show("subject"), 64)
    return f"task {plain(s.show('task'), 100)}" + (f" by {who}" if who else "")


def _account(s: Sight) -> str:
    subject, account = plain(s.show("subject"), 64), plain(s.show("account"), 64)
    member = plain(s.show("membername") or s.show("membersid"), 80)
    text = f"{subject or 'someone'} changed {account or 'an account'}"
    return f"{text} (member {member})" if member else text


def _api(s: Sight) -> str:
    who = plain(s.show("user"), 64) or plain(s.show("arn"), 100) or "someone"
    source, error = (
        plain(s.show("src") or s.show("sourceipaddress"), 60),
        plain(s.show("error"), 60),
    )
    text = f"{who} called {plain(s.show('api_service'), 48)} {plain(s.show('api'), 64)}"
    text = text.replace("  ", " ") + (f" from {source}" if source else "")
    return text + (f" and was refused ({error})" if error else "")


def _script(s: Sight) -> str:
    script = s.show("script")
    return f"PowerShell script `{plain(script, 150)}`" if script else "a PowerShell script ran"


def _finding(s: Sight) -> str:
    title = plain(s.show("finding_info.title") or s.show("title") or s.show("message"), 200)
    return f"finding `{title or plain(s.show('finding_uid'), 100)}`"


def _vpn(s: Sight) -> str:
    who, source = plain(s.show("account"), 64) or "someone", plain(s.show("src"), 48)
    return f"{who} opened a tunnel" + (f" from {source}" if source else "")


def _transfer(s: Sight) -> str:
    kind = plain(s.show("mime_type") or s.show("machine"), 60)
    name = plain(s.show("filename"), 100)
    ends = " to ".join(filter(None, (plain(s.show("src"), 48), plain(s.show("dst"), 48))))
    return " ".join(filter(None, ("transfer of", name or "a file", kind and f"({kind})", ends)))


def _notice(s: Sight) -> str:
    message = plain(s.show("msg") or s.show("validation_status"), 140)
    port = plain(s.show("port"), 8)
    ends = f"{plain(s.show('src'), 48)} to {plain(s.show('dst'), 48)}" + (
        f":{port}" if port else ""
    )
    return f"{message} ({ends})"


def _text_line(s: Sight) -> str:
    return f"`{plain(s.show('text'), 220)}`"


def _privilege(s: Sight) -> str:
    subject = plain(s.show("subject"), 64) or "someone"
    name = plain(s.show("name"), 64)
    through = f" in {name}" if name else ""
    return f"{subject} got {plain(' '.join(s.show('privileges').split()), 100)}{through}"


def _log(s: Sight) -> str:
    who = plain(s.show("subject"), 64) or plain(s.show("user"), 64)
    name = plain(s.show("log"), 64)
    return " ".join(
        filter(None, (f"{name} log", f"event {s.show('code')}", f"by {who}" * bool(who)))
    )


def _other(s: Sight) -> str:
    code, log = plain(s.show("code"), 20), plain(s.show("log"), 64)
    if code:
        return " ".join(filter(None, (log, f"event {code}")))
    message = plain(s.show("message"), 160)
    return f"`{message}`" if message else ""


_SUBJECTS = {
    "mail": _mail,
    "process": _process,
    "access": _access,
    "object": _access,
    "inject": _inject,
    "module": _module,
    "driver": _module,
    "file": _file,
    "delete": _file,
    "registry": _registry,
    "pipe": _pipe,
    "network": _network,
    "remote session": _network,
    "tls": _notice,
    "notice": _notice,
    "dns": _dns,
    "http": _http,
    "logon": _logon,
    "kerberos": _kerberos,
    "share": _share,
    "smb file": _share,
    "rpc": _rpc,
    "service": _service,
    "task": _task,
    "account": _account,
    "directory": _account,
    "api": _api,
    "script": _script,
    "finding": _finding,
    "transfer": _transfer,
    "text": _text_line,
    "database": _text_line,
    "program": _text_line,
    "vpn": _vpn,
    "privilege": _privilege,
    "log": _log,
}
