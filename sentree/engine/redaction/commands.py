# ruff: noqa: E501 (one rule a line: a rule that is cut in two can't be read)
"""Passwords on command lines that no name stands before: `net user NAME PASS`, `sshpass -p`, ..."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sentree.engine.redaction.spans import Span

# One argument: quoted (perhaps escaped in JSON), or up to a space.
_ARG = (
    r"(?:(?P<q>\\{0,7}[\"'])(?P<s>(?:(?!(?P=q))[^\r\n]){1,256})(?P=q)|(?P<b>[^\s\"'|;<>]{1,256}))"
)
_EXE = r"(?:\.exe)?(?:\\{0,7}[\"'])?"
_REST = r"[^\r\n|;]{0,400}?[ \t]"


def _flag(programs: str, flag: str) -> str:
    return rf"(?i:{programs}){_EXE}(?=[ \t]){_REST}{flag}{_ARG}"


_COMMANDS: tuple[tuple[str, str], ...] = (
    # Twice: what a script writes as "net user a b" and what has the path of net.exe before it.
    ("net", rf"(?i:net1?){_EXE}[ \t]{{1,4}}(?i:user)[ \t]{{1,4}}[^\s/][^\s]{{0,64}}[ \t]{{1,4}}(?![/*])" + _ARG),
    ("net", rf"(?i:net1?){_EXE}[ \t]{{1,4}}(?i:use)[ \t]{{1,4}}(?:\w:[ \t]{{1,4}}|\*[ \t]{{1,4}})?\\{{2,8}}[^\s]{{1,255}}[ \t]{{1,4}}(?![/*])" + _ARG),
    ("net", rf"(?i:net1?){_EXE}[ \t]{{1,4}}(?i:use){_REST}/(?i:user|u):[^\s]{{1,128}}[ \t]{{1,4}}(?![/*])" + _ARG),
    ("sshpass", _flag("sshpass", r"-p[ \t]{0,2}")),
    ("curl", _flag("curl", r"(?:-u|-U|--user|--proxy-user)[\s=]{0,2}(?:\\{0,7}[\"'])?[^\s:\"'\\]{1,128}:")),
    ("wget", _flag("wget", r"--(?:http-|ftp-|proxy-)?password[\s=]")),
    ("mysql", _flag(r"mysql\w{0,12}", r"-p(?=\S)")),
    ("mariadb", _flag(r"mariadb\w{0,12}(?:-dump)?", r"-p(?=\S)")),
    ("psexec", _flag(r"psexec(?:64|svc)?", r"[-/]p[ \t]{1,2}")),
    ("paexec", _flag("paexec", r"[-/]p[ \t]{1,2}")),
    ("schtasks", _flag("schtasks", r"/(?i:r?p)[ \t]{1,2}(?![/*])")),
    ("wmic", _flag("wmic", r"/(?i:password):")),
    ("winrs", _flag("winrs", r"[-/](?i:p|password):")),
    ("cmdkey", _flag("cmdkey", r"/(?i:p(?:ass)?):")),
    ("freerdp", _flag(r"freerdp", r"/p:")),
    ("rdesktop", _flag("rdesktop", r"-p[ \t]{0,2}")),
    ("plink", _flag("plink", r"-(?i:pw)[ \t]{1,2}")),
    ("pscp", _flag("pscp", r"-(?i:pw)[ \t]{1,2}")),
    ("psftp", _flag("psftp", r"-(?i:pw)[ \t]{1,2}")),
    ("putty", _flag("putty", r"-(?i:pw)[ \t]{1,2}")),
    ("winscp", _flag("winscp", r"/(?i:password)=")),
    ("sqlcmd", _flag("sqlcmd", r"-P[ \t]{0,2}")),
    ("osql", _flag("osql", r"-P[ \t]{0,2}")),
    ("bcp", _flag("bcp", r"-P[ \t]{0,2}")),
    ("ldap", _flag(r"ldap(?:search|modify|add|whoami|passwd|delete)", r"-w[ \t]{0,2}")),
    ("smb", _flag(r"smb(?:client|map|get|passwd)", r"(?:-U[ \t]{0,2}(?:\\{0,7}[\"'])?[^\s%\"']{1,128}%|-p[ \t]{1,2})")),
    ("rpcclient", _flag("rpcclient", r"-U[ \t]{0,2}(?:\\{0,7}[\"'])?[^\s%\"']{1,128}%")),
    ("winexe", _flag("winexe", r"-U[ \t]{0,2}(?:\\{0,7}[\"'])?[^\s%\"']{1,128}%")),
    ("crackmapexec", _flag("crackmapexec", r"-(?:p|H)[ \t]{1,2}")),
    ("cme", _flag(r"cme", r"-(?:p|H)[ \t]{1,2}")),
    ("nxc", _flag("nxc", r"-(?:p|H)[ \t]{1,2}")),
    ("netexec", _flag("netexec", r"-(?:p|H)[ \t]{1,2}")),
    ("evil-winrm", _flag("evil-winrm", r"-(?:p|H)[ \t]{1,2}")),
    ("bloodhound", _flag(r"bloodhound(?:-python)?", r"-p[ \t]{1,2}")),
    ("kerbrute", _flag("kerbrute", r"-p[ \t]{1,2}")),
    ("7z", _flag(r"7z[ar]?", r"-p(?=\S)")),
    ("rar", _flag("rar", r"-(?:hp|p)(?=\S)")),
    ("zip", _flag(r"(?:un)?zip", r"-P[ \t]{0,2}")),
    ("docker", _flag("docker", r"(?:-p|--password)[\s=](?!\d{1,5}:)")),
    ("helm", _flag("helm", r"--password[\s=]")),
    ("redis-cli", _flag("redis-cli", r"-a[ \t]{1,2}")),
    ("mongo", _flag(r"mongo\w{0,10}", r"-p[ \t]{1,2}")),
    ("rclone", _flag("rclone", r"--\w{2,20}-pass[\s=]")),
    ("openssl", _flag("openssl", r"-(?:pass(?:in|out)?|k)[ \t]{1,2}(?:pass:)?")),
    ("htpasswd", rf"(?i:htpasswd){_EXE}[ \t]{{1,2}}-\w{{0,4}}b\w{{0,4}}[ \t]{{1,2}}\S{{1,128}}[ \t]{{1,2}}\S{{1,64}}[ \t]{{1,2}}{_ARG}"),
    ("htpasswd", rf"(?i:htpasswd){_EXE}[ \t]{{1,2}}-\w{{0,4}}(?:nb|bn)\w{{0,3}}[ \t]{{1,2}}\S{{1,64}}[ \t]{{1,2}}{_ARG}"),
    ("dsquery", _flag("dsquery", r"-p[ \t]{1,2}")),
    ("ipmitool", _flag("ipmitool", r"-P[ \t]{1,2}")),
    ("snmp", _flag(r"snmp(?:walk|get|set|bulkwalk)", r"-(?:c|A|X)[ \t]{1,2}")),
    ("az ", _flag("az", r"(?:-p|--password|--account-key|--sas-token)[\s=]")),
    ("useradd", _flag("useradd", r"-p[ \t]{1,2}")),
    ("vncpasswd", _flag("vncpasswd", r"-(?:f|p)[ \t]{1,2}")),
    ("autologon", rf"(?i:autologon(?:64)?){_EXE}[ \t]{{1,2}}(?:[-/]\w{{1,12}}[ \t])?\S{{1,64}}[ \t]{{1,2}}\S{{1,64}}[ \t]{{1,2}}{_ARG}"),
    ("mstsc", _flag("mstsc", r"/(?i:p|pass):")),
    ("convertto-securestring", r"(?i:convertto-securestring)[ \t]{1,4}(?:-(?i:string)[ \t]{1,3})?(?!-|\$|\()" + _ARG),
    ("convertto-securestring", r"(?i:convertto-securestring)[ \t][^\r\n|;]{0,80}?-(?i:string)[ \t]{1,3}(?!-|\$|\()" + _ARG),
    ("convertto-securestring", r"(?i:convertto-securestring)[ \t](?i:-asplaintext|-force|[ \t]){1,4}(?!-|\$|\()" + _ARG),
    ("networkcredential", r"(?i:networkcredential)[ \t]?\([ \t]{0,3}(?:\\{0,7}[\"'])[^\"'\\]{0,128}\\{0,7}[\"'][ \t]{0,3},[ \t]{0,3}" + _ARG),
    # impacket: domain/user:password@target
    ("@", r"(?<=[\s\"'])[\w.-]{1,64}/[\w.$-]{1,64}:(?P<s>[^\s@\"']{1,128})@(?=[\w.\[-])"),
    ("echo", r"(?i:echo)[ \t]{1,2}-?n?[ \t]{0,2}" + _ARG + r"[ \t]{0,2}\|[ \t]{0,2}(?i:sudo[ \t]+-S|su[ \t]|kinit|passwd|docker[ \t]+login|cryptsetup|gpg[ \t])"),
    ("chpasswd", r"[\w.$-]{1,64}:(?P<s>[^\s\"'|]{1,128})[\"']?[ \t]{0,2}\|[ \t]{0,2}(?:sudo[ \t]+)?chpasswd"),
    ("identified by", r"(?i:identified by)[ \t]{1,2}(?i:password[ \t])?(?=\\{0,7}[\"'])" + _ARG),
    ("identified with", r"(?i:identified with)[ \t]\w{1,40}[ \t](?i:by|as)[ \t]{1,2}" + _ARG),
)  # fmt: skip

_BACK = {"@": 260, "chpasswd": 260}
_COMPILED = tuple((trigger, re.compile(pattern)) for trigger, pattern in _COMMANDS)
TRIGGERS = tuple(dict.fromkeys(trigger for trigger, _ in _COMMANDS))


def find_commands(text: str, lower: str) -> Iterator[Span]:
    """Find passwords by their place on the command lines of programs that take them there."""
    for trigger, pattern in _COMPILED:
        at = lower.find(trigger)
        while at >= 0:
            if back := _BACK.get(trigger):
                for found in pattern.finditer(text, max(0, at - back), min(len(text), at + 260)):
                    yield _span(found)
            else:
                for found in _matches(pattern, text, at):
                    yield _span(found)
            at = lower.find(trigger, at + len(trigger))


def _matches(pattern: re.Pattern[str], text: str, at: int) -> Iterator[re.Match[str]]:
    # "dotnet user" is another program; but xfreerdp and wfreerdp have a letter before their name.
    lettered = text[at - 1 : at] in ("x", "w") and not text[at - 2 : at - 1].isalnum()
    if at and text[at - 1].isalnum() and not lettered:
        return
    found = pattern.match(text, at)
    if found is not None:
        yield found


def _span(found: re.Match[str]) -> Span:
    group = "s" if found["s"] is not None or "b" not in found.re.groupindex else "b"
    return Span(*found.span(group), "password")
