"""VMware Carbon Black Cloud: forwarded endpoint events, watchlist hits, alerts, audit logs."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM, hashes, product, said
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    Expression,
    First,
    Ip,
    Listing,
    Lookup,
    Mapper,
    Match,
    Millis,
    Obj,
    Raw,
    Replace,
    Rule,
    Shape,
    TimeField,
    Tree,
    c,
    f,
    num,
    under,
    with_wrapped,
)

TYPE = f("type")
ACTION = f("action")
REASON = f("reason", "report_name", "threat_cause_threat_category")
SENSOR = f("sensor_action")
DONE = r"(?:ACTION_)?(ALLOW|BLOCK|DENY|TERMINATE|SUSPEND|QUARANTINE)"
ACTION_IDS = {"allow": 1, **dict.fromkeys(("block", "deny", "terminate", "suspend"), 2)}
DISPOSITIONS = {"allow": 1, "block": 2, "deny": 2, "terminate": 2, "quarantine": 3}
SYSTEMS = {"windows": 100, "linux": 200, "mac": 300, "macos": 300}
SEVERITIES = {
    **dict.fromkeys(("1", "2", "3"), 2),
    **dict.fromkeys(("4", "5", "6"), 3),
    **dict.fromkeys(("7", "8"), 4),
    **dict.fromkeys(("9", "10"), 5),
}
STATES = {"open": 1, "in_progress": 2, "closed": 4, "dismissed": 3}
TYPES = frozenset(
    {
        *("cb_analytics", "watchlist", "device_control", "container_runtime", "watchlist.hit"),
        *("host_based_firewall", "intrusion_detection_system", "network_traffic_analysis"),
    }
)


def process(prefix: str) -> Tree:
    """Give a process by the beginning of its fields' names."""
    path = f(f"{prefix}_path", f"{prefix}_name")
    return {
        "uid": f(f"{prefix}_guid"),
        "pid": num(f"{prefix}_pid"),
        "name": Basename(path),
        "cmd_line": f(f"{prefix}_cmdline"),
        "file": Obj(
            {
                "name": Basename(path),
                "path": path,
                "type_id": c(1),
                "hashes": hashes(
                    md5=(f"{prefix}_hash[0]", f"{prefix}_md5"),
                    sha256=(f"{prefix}_hash[1]", f"{prefix}_sha256"),
                ),
            },
            needs=("path",),
        ),
        "user": Obj({"name": f(f"{prefix}_username")}, needs=("name",)),
    }


PARENT: Expression = Obj(process("parent"), needs=("uid",))
ITSELF: Tree = {**process("process"), "parent_process": PARENT}
TARGET: Tree = {
    **process("crossproc"),
    "cmd_line": f("target_cmdline"),
}
CHILD: Tree = {**process("childproc"), "cmd_line": f("target_cmdline", "childproc_cmdline")}
DEVICE: Tree = {
    "device.hostname": f("device_name"),
    "device.uid": f("device_id"),
    "device.ip": Ip(f("device_internal_ip", "device_external_ip")),
    "device.type_id": c(0),
    "device.os.name": f("device_os_version", "device_os"),
    "device.os.type_id": Lookup(f("device_os"), SYSTEMS, other=99),
    "device.groups": Listing((Obj({"name": f("device_group", "device_policy")}),)),
}
SEEN: Tree = {
    **DEVICE,
    "action_id": Lookup(Match(SENSOR, DONE), ACTION_IDS, default=0),
    "disposition_id": Lookup(Match(SENSOR, DONE), DISPOSITIONS, other=99, default=0),
    "unmapped.action": ACTION,
    "unmapped.external_ip": f("device_external_ip"),
    "unmapped.reputation": f("process_reputation", "process_effective_reputation"),
    "unmapped.publisher": f("process_publisher[0].name"),
    "unmapped.origin": f("event_origin"),
}
DEED: Tree = {
    **SEEN,
    **under("actor.process", ITSELF),
    "actor.user.name": f("process_username"),
}
OPENED = r"(OPEN_(?:PROCESS|THREAD)_HANDLE)"
INJECTED = r"(REMOTE_THREAD|INJECT|SET_THREAD_CONTEXT|WRITE_MEM|USER_APC|PROCESS_DOPPEL)"
CROSSED: Expression = First(
    (
        Lookup(Match(ACTION, INJECTED), {}, other=4),
        Lookup(Match(ACTION, OPENED), {}, other=3),
        c(99),
    )
)
FILED: Expression = First(
    (
        *(
            Lookup(Match(ACTION, pattern), {}, other=activity)
            for pattern, activity in (
                (r"(_DELETE)", 4),
                (r"(_RENAME)", 5),
                (r"(_CREATE|_LINK)", 1),
                (r"(_WRITE|_TRUNCATE)", 3),
                (r"(SET_ATTRIBUTES|SET_SECURITY)", 6),
                (r"(_READ)", 2),
                (r"(_OPEN)", 14),
            )
        ),
        c(99),
    )
)
KEYED = {
    "create": 1,
    "delete": 4,
    "rename": 5,
    "open": 6,
    "read": 2,
    "restore": 7,
}
VALUED = {"write": 2, "create": 2, "delete": 4, "read": 1}
KEY = f("regmod_name")
NETWORK = {
    "action_connection_create": 1,
    "action_connection_established": 1,
    "action_connection_create_failed": 4,
    "action_connection_close": 2,
    "action_connection_listen": 7,
}
PROTOCOLS = {"proto_tcp": "tcp", "proto_udp": "udp", "proto_icmp": "icmp"}


def place(address: str, port: str, *domain: str) -> Tree:
    """Give one end of a connection."""
    return {
        "ip": Ip(f(address)),
        "port": num(port, maximum=PORT_MAXIMUM),
        "domain": f(*domain),
    }


HERE: Tree = {**place("local_ip", "local_port", "local_domain"), "hostname": f("device_name")}
THERE = place("remote_ip", "remote_port", "netconn_domain")


def _event(
    name: str, kind: str, uid: int, activity: Expression | int, tree: Tree, *needed: str
) -> Rule:
    return Rule(
        name=name,
        class_uid=uid,
        activity_id=activity,
        tree=tree,
        when=(
            ("type", frozenset(f"endpoint.event.{each}" for each in kind.split())),
            *((field, PRESENT) for field in needed),
        ),
    )


def _connection(name: str, inbound: bool) -> Rule:
    source, target = (THERE, HERE) if inbound else (HERE, THERE)
    return Rule(
        name=name,
        class_uid=4001,
        activity_id=Lookup(ACTION, NETWORK, default=99),
        tree={
            **DEED,
            **under("src_endpoint", source),
            **under("dst_endpoint", target),
            "connection_info.direction_id": c(1 if inbound else 2),
            "connection_info.protocol_name": Lookup(f("netconn_protocol"), PROTOCOLS),
        },
        when=(
            ("type", frozenset({"endpoint.event.netconn", "endpoint.event.netconn_proxy"})),
            *((("netconn_inbound", frozenset({"true"})),) if inbound else ()),
        ),
    )


ATTACKS: Expression = Listing(
    (
        Obj(
            {
                "technique.uid": First(
                    (
                        Match(f("attack_technique"), r"^(T\d{4}(?:\.\d{3})?)$"),
                        *(
                            Replace(
                                Match(f(f"ttps[{n}]"), r"^MITRE_(T\d{4}(?:_\d{3})?)(?:_|$)"),
                                "_",
                                ".",
                            )
                            for n in range(6)
                        ),
                    )
                ),
                "tactic.uid": Match(f("attack_tactic"), r"^(TA\d{4})$"),
            }
        ),
    )
)
FINDING = Rule(
    name="alert",
    class_uid=2004,
    activity_id=Lookup(
        f("workflow.status", "workflow.state"), {"closed": 3, "dismissed": 3}, default=1
    ),
    severity_id=Lookup(f("severity"), SEVERITIES, default=0),
    tree={
        **SEEN,
        "message": Cut(REASON, MESSAGE_LENGTH),
        "finding_info.uid": f("id", "ioc_id", "report_id", "type"),
        "finding_info.title": First((Cut(REASON, MESSAGE_LENGTH), TYPE)),
        "finding_info.types": Listing((TYPE,)),
        "finding_info.src_url": f("alert_url"),
        "finding_info.created_time": Millis(f("backend_timestamp", "create_time")),
        "finding_info.modified_time": Millis(
            f("backend_update_timestamp", "last_update_time", "workflow.last_update_time")
        ),
        "finding_info.first_seen_time": Millis(f("first_event_timestamp", "first_event_time")),
        "finding_info.last_seen_time": Millis(f("last_event_timestamp", "last_event_time")),
        "finding_info.attacks": ATTACKS,
        "finding_info.analytic": Obj(
            {
                "name": f("report_name", "rule_config_name", "reason_code"),
                "uid": f("ioc_id", "report_id", "rule_id", "reason_code"),
                "type_id": c(1),
            },
            needs=("name",),
        ),
        "status": f("workflow.status", "workflow.state"),
        "status_id": Lookup(f("workflow.status", "workflow.state"), STATES, other=99, default=0),
        "actor.user.name": f("process_username", "device_username"),
        "evidences": Listing(
            (
                Obj(
                    {
                        "process": Obj(ITSELF, needs=("uid",)),
                        "user.name": f("process_username", "device_username"),
                        "src_endpoint": Obj(
                            {
                                "ip": Ip(f("netconn_local_ip", "local_ip")),
                                "port": num("netconn_local_port", maximum=PORT_MAXIMUM),
                            },
                            needs=("ip",),
                        ),
                        "dst_endpoint": Obj(
                            {
                                "ip": Ip(f("netconn_remote_ip", "remote_ip")),
                                "port": num("netconn_remote_port", maximum=PORT_MAXIMUM),
                                "domain": f("netconn_remote_domain", "remote_domain"),
                            },
                            needs=("ip",),
                        ),
                    }
                ),
            )
        ),
        "unmapped.ttps": Raw("ttps", "array"),
        "unmapped.query": f("ioc_hit"),
        "unmapped.watchlists": Raw("watchlists", "array"),
        "unmapped.tags": Raw("report_tags", "array"),
        "unmapped.run_state": f("run_state"),
        "unmapped.policy_applied": f("policy_applied"),
        "unmapped.threat": f("threat_id"),
        "unmapped.device_user": f("device_username"),
    },
    when=(("type", TYPES),),
)
CONTENT = f("scriptload_content", "fileless_scriptload_cmdline")
DESCRIPTION = f("description")
OUT = {"logged out": 2, "logged out successfully": 2}
FAILED = {"login failed": 2, "log in failed": 2}
SIGNED = frozenset({"logged in successfully", *FAILED, *OUT})
CONSOLE: Tree = {
    "message": Cut(DESCRIPTION, MESSAGE_LENGTH),
    "src_endpoint.ip": Ip(f("clientIp")),
    "actor.user.name": f("loginName", "actor"),
    "unmapped.flagged": f("flagged"),
    "unmapped.request": f("requestUrl"),
}


MAPPER = Mapper(
    name="carbon_black",
    title="VMware Carbon Black Cloud events, alerts, watchlist hits, audit logs",
    limits=(
        "The audit log's plain sign-ins are Authentication, everything else of it is API "
        "Activity: what was done stands only in its sentence."
    ),
    shapes=with_wrapped(
        Shape(
            name="endpoint event",
            present=(
                frozenset({"org_key"}),
                frozenset({"device_id"}),
                frozenset({"process_guid"}),
                frozenset({"device_timestamp", "create_time"}),
            ),
        ),
        Shape(
            name="alert",
            present=(
                frozenset({"org_key"}),
                frozenset({"device_id"}),
                frozenset({"threat_id", "alert_url", "reason_code", "report_id"}),
                frozenset({"detection_timestamp", "create_time", "first_event_time"}),
            ),
        ),
        Shape(
            name="audit log",
            present=(
                frozenset({"orgName"}),
                frozenset({"eventTime"}),
                frozenset({"eventId"}),
                frozenset({"loginName"}),
                frozenset({"description"}),
            ),
        ),
    ),
    times=(
        *(
            TimeField(name, pattern=r"^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?)")
            for name in (
                *("device_timestamp", "detection_timestamp", "first_event_timestamp"),
                *("create_time", "first_event_time", "backend_timestamp"),
            )
        ),
        TimeField("eventTime", unit="any"),
    ),
    defaults={
        **product("Carbon Black Cloud", "VMware", "cloud", "host", "security_control"),
        "cloud.provider": said("VMware", "org_key", "orgName"),
        "metadata.event_code": TYPE,
        "metadata.uid": f("id", "event_id", "eventId"),
        "metadata.tenant_uid": f("org_key", "orgName"),
    },
    rules=(
        _event(
            "child process",
            "procstart",
            1007,
            1,
            {**DEED, **under("process", CHILD), "process.parent_process": Obj(process("process"))},
            "childproc_guid",
        ),
        _event(
            "process",
            "procstart procend",
            1007,
            Lookup(TYPE, {"endpoint.event.procend": 2}, default=1),
            {
                **SEEN,
                **under("process", ITSELF),
                **under("actor.process", process("parent")),
                "actor.user.name": f("parent_username", "process_username"),
            },
        ),
        Rule(
            name="process crossed from outside",
            class_uid=1007,
            activity_id=CROSSED,
            tree={
                **SEEN,
                **under("process", ITSELF),
                **under("actor.process", process("crossproc")),
                "actor.user.name": f("crossproc_username", "process_username"),
            },
            when=(
                ("type", frozenset({"endpoint.event.crossproc"})),
                ("crossproc_target", frozenset({"false"})),
            ),
        ),
        _event(
            "process crossed",
            "crossproc",
            1007,
            CROSSED,
            {**DEED, **under("process", TARGET)},
        ),
        _event(
            "file",
            "filemod",
            1001,
            FILED,
            {
                **DEED,
                "file.name": First((Basename(f("filemod_name")), ACTION)),
                "file.path": f("filemod_name"),
                "file.type_id": c(1),
                "file.hashes": hashes(md5=("filemod_hash[0]",), sha256=("filemod_hash[1]",)),
            },
        ),
        Rule(
            name="registry value",
            class_uid=201002,
            activity_id=Lookup(Match(ACTION, r"^ACTION_([A-Z]+)_VALUE"), VALUED, default=99),
            tree={
                **DEED,
                "reg_value.path": KEY,
                "reg_value.name": First((Basename(KEY), c("(Default)"))),
            },
            when=(
                ("type", frozenset({"endpoint.event.regmod"})),
                ("action", frozenset(f"action_{each}_value" for each in VALUED)),
            ),
        ),
        _event(
            "registry key",
            "regmod",
            201001,
            Lookup(Match(ACTION, r"^ACTION_([A-Z]+)_KEY"), KEYED, default=99),
            {**DEED, "reg_key.path": First((KEY, ACTION))},
        ),
        _connection("inbound connection", inbound=True),
        _connection("connection", inbound=False),
        _event(
            "module",
            "moduleload",
            1005,
            1,
            {
                **DEED,
                "module.file.name": First((Basename(f("modload_name")), TYPE)),
                "module.file.path": f("modload_name"),
                "module.file.hashes": hashes(
                    md5=("modload_md5", "modload_hash[0]"),
                    sha256=("modload_sha256", "modload_hash[1]"),
                ),
                "module.file.type_id": c(1),
                "module.load_type_id": c(0),
                "unmapped.module_publisher": f("modload_publisher[0].name"),
            },
        ),
        _event(
            "script",
            "scriptload fileless_scriptload",
            1009,
            1,
            {
                **DEED,
                "script.type_id": c(0),
                "script.name": Basename(f("scriptload_name")),
                "script.script_content.value": Cut(CONTENT, 16384),
                "script.hashes": hashes(
                    md5=("scriptload_hash[0]", "fileless_scriptload_hash[0]"),
                    sha256=("scriptload_hash[1]", "fileless_scriptload_hash[1]"),
                ),
            },
            "scriptload_content",
        ),
        _event(
            "script without file",
            "fileless_scriptload",
            1009,
            1,
            {
                **DEED,
                "script.type_id": c(0),
                "script.script_content.value": Cut(CONTENT, 16384),
                "script.hashes": hashes(
                    md5=("fileless_scriptload_hash[0]",), sha256=("fileless_scriptload_hash[1]",)
                ),
            },
            "fileless_scriptload_cmdline",
        ),
        _event(
            "script's file",
            "scriptload",
            1005,
            1,
            {
                **DEED,
                "module.file.name": Basename(f("scriptload_name")),
                "module.file.path": f("scriptload_name"),
                "module.file.hashes": hashes(
                    md5=("scriptload_hash[0]",), sha256=("scriptload_hash[1]",)
                ),
                "module.file.type_id": c(1),
                "module.load_type_id": c(0),
            },
            "scriptload_name",
        ),
        FINDING,
        Rule(
            name="sign-in",
            class_uid=3002,
            activity_id=Lookup(DESCRIPTION, OUT, default=1),
            severity_id=Lookup(f("flagged"), {"true": 2}, default=1),
            tree={
                **CONSOLE,
                "user.name": f("loginName"),
                "service.name": said("Carbon Black Cloud", "loginName"),
                "status_id": Lookup(DESCRIPTION, FAILED, default=1),
                "is_remote": c(True),
            },
            when=(("description", SIGNED), ("loginName", PRESENT)),
        ),
        Rule(
            name="console operation",
            class_uid=6003,
            activity_id=First(
                tuple(
                    Lookup(Match(DESCRIPTION, pattern), {}, other=activity)
                    for pattern, activity in (
                        (r"(?i)\b(created|added|invited|generated|imported)\b", 1),
                        (r"(?i)\b(downloaded|retrieved|viewed|exported|searched)\b", 2),
                        (r"(?i)\b(updated|changed|modified|edited|enabled|disabled|set)\b", 3),
                        (r"(?i)\b(deleted|removed|revoked|dismissed)\b", 4),
                        (r"(.)", 99),
                    )
                )
            ),
            severity_id=Lookup(f("flagged"), {"true": 2}, default=1),
            tree={
                **CONSOLE,
                "api.operation": Cut(DESCRIPTION, MESSAGE_LENGTH),
                "api.service.name": said("Carbon Black Cloud", "description"),
            },
            when=(("loginName", PRESENT), ("description", PRESENT)),
        ),
        Rule(
            name="other",
            class_uid=0,
            activity_id=99,
            tree={
                **SEEN,
                "message": First((Cut(REASON, MESSAGE_LENGTH), TYPE)),
                "unmapped.process": f("process_path", "process_name"),
                "unmapped.command": f("process_cmdline"),
                "unmapped.user": f("process_username", "device_username"),
            },
        ),
    ),
)
