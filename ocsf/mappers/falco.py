"""Falco alerts as JSON, from Falco itself, its sidekick or a plugin's source."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM, product
from ocsf.mapping import (
    Basename,
    Cut,
    EachAs,
    Expression,
    First,
    Ip,
    Join,
    Listing,
    Lookup,
    Mapper,
    Match,
    Obj,
    Raw,
    Rule,
    Shape,
    TimeField,
    c,
    f,
    num,
    with_wrapped,
)

PRIORITIES = {
    "emergency": 6,
    "alert": 5,
    "critical": 5,
    "error": 4,
    "warning": 3,
    "notice": 2,
    "informational": 1,
    "info": 1,
    "debug": 1,
}
RULE = f("rule", "Rule")
TACTIC = Match(f("tags"), r'"mitre_([a-z_]+)"')


def field(*names: str) -> Expression:
    """Give a field of the alert's output, whose name has dots in it."""
    return f(*(f'output_fields."{name}"' for name in names))


def number(*names: str, maximum: int | None = None) -> Expression:
    """Give a whole number among the output's fields."""
    return num(*(f'output_fields."{name}"' for name in names), maximum=maximum)


EVIDENCE: Expression = Obj(
    {
        "process": Obj(
            {
                "pid": number("proc.pid", "proc.vpid", "thread.tid"),
                "name": field("proc.name"),
                "cmd_line": field("proc.cmdline", "proc.exeline"),
                "file": Obj(
                    {
                        "name": First(
                            (Basename(field("proc.exepath", "proc.exe")), field("proc.name"))
                        ),
                        "path": field("proc.exepath"),
                        "type_id": c(1),
                    },
                    needs=("name",),
                ),
                "working_directory": field("proc.cwd"),
                "user.name": field("user.name", "user.loginname"),
                "user.uid": field("user.uid", "user.loginuid"),
                "parent_process": Obj(
                    {
                        "pid": number("proc.ppid"),
                        "name": field("proc.pname"),
                        "cmd_line": field("proc.pcmdline"),
                    },
                    needs=("pid",),
                ),
            },
            needs=("pid",),
        ),
        "user": Obj(
            {
                "name": field("user.name", "user.loginname", "ka.user.name", "ct.user"),
                "uid": field("user.uid", "user.loginuid"),
            }
        ),
        "file": Obj(
            {
                "name": Basename(field("fd.filename", "fd.name", "fs.path.name")),
                "path": field("fd.name", "fs.path.name"),
                "type_id": c(0),
            },
            needs=("name",),
        ),
        "container": Obj(
            {
                "uid": Match(field("container.id"), r"^([0-9a-f]{12,64})$"),
                "name": field("container.name"),
                "image.name": field("container.image.repository", "container.image"),
                "image.tag": field("container.image.tag"),
                "image.uid": field("container.image.id", "container.image.repository"),
            },
            needs=("name",),
        ),
        "src_endpoint": Obj(
            {
                "ip": Ip(field("fd.cip", "fd.lip", "ct.srcip")),
                "port": number("fd.cport", "fd.lport", maximum=PORT_MAXIMUM),
            },
            needs=("ip",),
        ),
        "dst_endpoint": Obj(
            {
                "ip": Ip(field("fd.sip", "fd.rip")),
                "port": number("fd.sport", "fd.rport", maximum=PORT_MAXIMUM),
            },
            needs=("ip",),
        ),
        "api.operation": field("ka.verb", "ct.name", "evt.type"),
        "data": Raw("output_fields", "object"),
    }
)

MAPPER = Mapper(
    name="falco",
    title="Falco alerts",
    limits=(
        "A process is evidence only where its id is among the output's fields; all fields "
        "are in `unmapped.output_fields`."
    ),
    shapes=with_wrapped(
        Shape(
            name="falco",
            present=(
                frozenset({"rule"}),
                frozenset({"priority"}),
                frozenset({"output_fields", "output"}),
            ),
        ),
    ),
    times=(
        TimeField("time", unit="any"),
        TimeField('output_fields."evt.time"', unit="any"),
        TimeField("timestamp", unit="any"),
    ),
    nulls=frozenset({"", "<NA>", "N/A", "null"}),
    defaults={
        **product("Falco", "Falco", "host", "container"),
        "metadata.event_code": RULE,
        "metadata.log_name": f("source"),
        "metadata.uid": f("uuid"),
    },
    rules=(
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(f("priority"), PRIORITIES, default=0),
            tree={
                "message": Cut(f("output"), MESSAGE_LENGTH),
                "finding_info.uid": First(
                    (f("uuid"), Join((RULE, f("time", "timestamp")), "/"), RULE)
                ),
                "finding_info.title": RULE,
                "finding_info.desc": Cut(f("output"), MESSAGE_LENGTH),
                "finding_info.types": EachAs("tags"),
                "finding_info.analytic": Obj(
                    {"name": RULE, "type_id": c(1), "category": f("source")}, needs=("name",)
                ),
                "finding_info.attacks": Listing(
                    (
                        Obj(
                            {
                                "technique.uid": Match(
                                    f("tags"), r'"(?:mitre_)?(T\d{4}(?:\.\d{3})?)"'
                                ),
                                "tactic.name": TACTIC,
                            }
                        ),
                    )
                ),
                "device.hostname": First(
                    (f("hostname"), field("evt.hostname", "k8s.node.name", "k8s.pod.name"))
                ),
                "device.type_id": c(0),
                "actor.user.name": field("user.name", "user.loginname", "ka.user.name", "ct.user"),
                "actor.user.uid": field("user.uid", "user.loginuid"),
                "evidences": Listing((EVIDENCE,)),
                "unmapped.priority": f("priority"),
                "unmapped.namespace": field("k8s.ns.name", "ka.target.namespace"),
                "unmapped.pod": field("k8s.pod.name", "ka.target.name"),
                "unmapped.output_fields": Raw("output_fields", "object"),
            },
        ),
    ),
)
