"""Trees that many Windows events share: users, processes, files, hashes."""

from __future__ import annotations

from ocsf.mapping import (
    AfterLast,
    Basename,
    BeforeLast,
    Between,
    Expression,
    Field,
    Integer,
    Listing,
    Lookup,
    Lower,
    Obj,
    Strip,
    Tree,
    c,
    f,
    under,
)

REGULAR_FILE = 1
NAMED_PIPE = 6
PORT_MAXIMUM = 65_535

HASH_ALGORITHMS = (("MD5", 1), ("SHA1", 2), ("SHA256", 3), ("IMPHASH", 99))


def guid(*names: str) -> Expression:
    """Give a GUID in lower case without braces, so that the shapes' spellings agree."""
    return Lower(Strip(Field(names), "{}"))


def file_at(path: Expression, type_id: int = REGULAR_FILE) -> Tree:
    """Give a file's path, name and type."""
    return {"path": path, "name": Basename(path), "type_id": c(type_id)}


def process_of(image: Expression, pid: Expression, uid: Expression | None = None) -> Tree:
    """Give a process by its image, id and, where known, unique id."""
    tree: dict[str, Expression] = {"name": Basename(image), "pid": Integer(pid)}
    if uid is not None:
        tree["uid"] = uid
    return tree | under("file", file_at(image))


def account(text: Expression) -> Tree:
    r"""Give a user written as `DOMAIN\name`."""
    return {"name": AfterLast(text, "\\"), "domain": BeforeLast(text, "\\")}


def named_user(prefix: str, sid: str | None = None) -> Tree:
    """Give the user of the fields `<prefix>UserName`, `<prefix>DomainName`, `<prefix>UserSid`."""
    return {
        "name": f(f"{prefix}UserName"),
        "domain": f(f"{prefix}DomainName"),
        "uid": f(sid or f"{prefix}UserSid"),
    }


def hashes(*names: str) -> Expression:
    """Give Sysmon's `SHA1=…,MD5=…` as a list of fingerprints."""
    text = Field(names)
    return Listing(
        tuple(
            Obj(
                {
                    "algorithm": c(name),
                    "algorithm_id": c(number),
                    "value": Between(text, f"{name}=", ","),
                }
            )
            for name, number in HASH_ALGORITHMS
        )
    )


SUBJECT: Tree = {
    **under("actor.user", named_user("Subject")),
    "actor.session.uid": f("SubjectLogonId"),
}
"""Who did it, in Security events."""

CALLER: Tree = {
    **SUBJECT,
    **under("actor.process", process_of(f("ProcessName"), f("ProcessId"))),
}
"""Who did it and with which process, in Security events that name the caller."""

SUCCESS: Tree = {"status_id": c(1)}
FAILURE: Tree = {"status_id": c(2)}

BY_STATUS: Tree = {
    "status_id": Lookup(f("Status"), {"0x0": 1, "0x00000000": 1, "0": 1}, other=2),
    "status_code": f("Status"),
}
"""Success or failure by the NTSTATUS or Kerberos code in `Status`."""

SEVERITY: Expression = Lookup(
    f("Level", "Severity"),
    {"1": 5, "2": 3, "3": 2, "critical": 5, "error": 3, "warning": 2},
    default=1,
)
"""OCSF severity by the event's own level."""
