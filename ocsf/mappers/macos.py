"""macOS: the unified log as `log show --style ndjson` writes it, and Jamf Protect's alerts."""

# The tables are read better in long lines.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, hashes, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    First,
    Ip,
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

PATH = f("processImagePath", "senderImagePath")
EVENT = "input.match.event"
FACT = "input.match.facts[0]"

MAPPER = Mapper(
    name="macos",
    title="macOS unified log, Jamf Protect alerts",
    limits=(
        "The text of the unified log is kept as a Base Event's message; of authentications, those"
        " that opendirectoryd and loginwindow tell by `eventMessage` are not told apart."
    ),
    shapes=with_wrapped(
        Shape(
            name="unified log",
            present=(
                frozenset({"eventMessage"}),
                frozenset({"machTimestamp", "traceID", "bootUUID"}),
                frozenset({"processImagePath", "senderImagePath", "subsystem"}),
            ),
        ),
        Shape(
            name="Jamf Protect",
            present=(frozenset({"input.match"}), frozenset({"input.host"}), frozenset({"caid", "input.eventType"})),
        ),
    ),
    times=(
        TimeField("timestamp", unit="any"),
        TimeField("input.match.event.timestamp", unit="any"),
    ),
    nulls=frozenset({"", "(null)"}),
    defaults={
        **product("macOS", "Apple", "host"),
        "metadata.log_name": f("subsystem", "input.eventType"),
        "metadata.event_code": f("category", "input.eventType"),
        "device.hostname": f("input.host.hostname", "hostname"),
        "device.ip": Ip(f("input.host.ips[0]")),
        "device.uid": f("input.host.provisioningUDID", "input.host.serial", "bootUUID", "traceID"),
        "device.type_id": c(0),
        "device.os.name": c("macOS"),
        "device.os.type": c("macOS"),
        "device.os.type_id": c(300),
    },
    rules=(
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(
                f("input.match.severity", f"{FACT}.severity"),
                {"0": 1, "1": 2, "2": 3, "3": 4, "4": 5},
                default=2,
            ),
            tree={
                "metadata.product.name": c("Jamf Protect"),
                "metadata.product.vendor_name": c("Jamf"),
                "message": Cut(f(f"{FACT}.human", f"{FACT}.name"), MESSAGE_LENGTH),
                "finding_info.uid": f("input.match.uuid", "caid"),
                "finding_info.title": f(f"{FACT}.name", "input.eventType"),
                "finding_info.types": Listing((f("input.eventType"), f("input.match.tags[0]"))),
                "finding_info.attacks": Listing(
                    (Obj({"technique.uid": Match(f("input.match.tags"), r'"(T\d{4}(?:\.\d{3})?)"')}, needs=("technique.uid",)),)
                ),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "process": Obj(
                                    {
                                        "name": Basename(f("input.related.processes[0].path", f"{EVENT}.process.path")),
                                        "pid": num("input.related.processes[0].pid", f"{EVENT}.pid"),
                                        "cmd_line": f("input.related.processes[0].commandLine"),
                                        "user.name": f("input.related.users[0].name"),
                                    },
                                    needs=("name",),
                                ),
                                "file": Obj(
                                    {
                                        "path": f("input.related.files[0].path", f"{EVENT}.path"),
                                        "name": Basename(f("input.related.files[0].path", f"{EVENT}.path")),
                                        "type_id": c(1),
                                        "hashes": hashes(
                                            sha1=("input.related.files[0].sha1hex",),
                                            sha256=("input.related.files[0].sha256hex",),
                                        ),
                                    },
                                    needs=("name",),
                                ),
                                "user.name": f("input.related.users[0].name"),
                                "data": Raw(EVENT, "object"),
                            }
                        ),
                    )
                ),
                "unmapped.event_type": f("input.eventType"),
            },
            when=(("input.eventType", PRESENT),),
        ),
        Rule(
            name="log entry",
            class_uid=0,
            severity_id=Lookup(f("messageType"), {"fault": 4, "error": 3}, default=1),
            tree={
                "message": Cut(First((f("eventMessage"), f("formatString"))), MESSAGE_LENGTH),
                "actor.process.pid": num("processID"),
                "actor.process.name": Basename(PATH),
                "actor.process.file": Obj(
                    {"path": PATH, "name": Basename(PATH), "type_id": c(1)}, needs=("name",)
                ),
                "actor.user.uid": f("userID"),
                "unmapped.subsystem": f("subsystem"),
                "unmapped.category": f("category"),
                "unmapped.event_type": f("eventType"),
                "unmapped.sender": f("senderImagePath"),
            },
        ),
    ),
)  # fmt: skip
