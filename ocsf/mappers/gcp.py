"""Google Cloud logs: audit, load balancer requests, DNS, VPC flow, firewall; Cloud Logging's JSON.

Entries of a sink, the API's list (`entries`) and the columns of a BigQuery export.
"""

from __future__ import annotations

from ocsf.mappers.audit_parts import (
    HTTP_METHODS,
    MESSAGE_LENGTH,
    PORT_MAXIMUM,
    SEVERITIES,
    endpoint,
    product,
    said,
    verb,
)
from ocsf.mapping import (
    PRESENT,
    AfterLast,
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
    Rule,
    Shape,
    Split,
    TimeField,
    Tree,
    c,
    f,
    num,
    under,
    with_wrapped,
)

METHOD = f("methodName", "serviceName")
LAST_WORD = r"(?:^|[./])([A-Za-z][a-z]+)[A-Za-z0-9_]*$"
SEVERITY: Expression = Lookup(f("severity"), SEVERITIES, other=1, default=1)
PRINCIPAL = f(
    "authenticationInfo.principalEmail",
    "authenticationInfo.principalSubject",
    "authenticationInfo.serviceAccountKeyName",
    "authenticationInfo.authoritySelector",
)
ACCOUNTS = {
    "google.iam.admin.v1.createserviceaccount": 1,
    "google.iam.admin.v1.enableserviceaccount": 2,
    "google.iam.admin.v1.disableserviceaccount": 5,
    "google.iam.admin.v1.deleteserviceaccount": 6,
    "google.iam.admin.v1.undeleteserviceaccount": 1,
    "google.iam.admin.v1.updateserviceaccount": 99,
    "google.iam.admin.v1.patchserviceaccount": 99,
    "google.iam.admin.v1.createserviceaccountkey": 99,
    "google.iam.admin.v1.uploadserviceaccountkey": 99,
    "google.iam.admin.v1.deleteserviceaccountkey": 99,
    "google.iam.admin.v1.enableserviceaccountkey": 99,
    "google.iam.admin.v1.disableserviceaccountkey": 99,
    "google.login.loginservice.2svdisable": 11,
    "google.login.loginservice.2svenroll": 10,
    "google.login.loginservice.passwordedit": 3,
    "google.login.loginservice.accountdisabledpasswordleak": 5,
    "google.login.loginservice.accountdisabledgeneric": 5,
    "google.admin.adminservice.createuser": 1,
    "google.admin.adminservice.deleteuser": 6,
    "google.admin.adminservice.suspenduser": 5,
    "google.admin.adminservice.unsuspenduser": 2,
    "google.admin.adminservice.changepassword": 4,
}
LOGONS = {
    "google.login.loginservice.loginsuccess": 1,
    "google.login.loginservice.loginfailure": 1,
    "google.login.loginservice.loginchallenge": 6,
    "google.login.loginservice.loginverification": 6,
    "google.login.loginservice.logout": 2,
    "google.login.loginservice.suspiciouslogin": 1,
    "authorizeuser": 1,
    "google.cloud.oslogin.v1.osloginservice.checkpolicy": 6,
}
NAMED = (("authenticationInfo.principalEmail", PRESENT),)
DELTA = "serviceData.policyDelta.bindingDeltas[0]"

ACTOR: Tree = {
    "name": PRINCIPAL,
    "uid": f("authenticationInfo.principalSubject"),
    "email_addr": Match(f("authenticationInfo.principalEmail"), r"^([^@\s]+@[^@\s]+)$"),
    "type_id": Lookup(
        Match(
            f("authenticationInfo.principalEmail", "authenticationInfo.principalSubject"),
            r"(gserviceaccount\.com)",
        ),
        {"gserviceaccount.com": 4},
    ),
    "credential_uid": f("authenticationInfo.serviceAccountKeyName"),
}
CALLER: Tree = {
    **under(
        "src_endpoint", endpoint(f("requestMetadata.callerIp"), f("serviceName", "methodName"))
    ),
    "http_request.user_agent": f("requestMetadata.callerSuppliedUserAgent"),
    "status_id": Lookup(f("status.code"), {"0": 1}, other=2, default=1),
    "status_code": f("status.code"),
    "status_detail": f("status.message"),
}
AUDIT: Tree = {
    **CALLER,
    **under("actor.user", ACTOR),
    "actor.app_name": f("serviceName", "methodName"),
    "actor.invoked_by": f(
        "authenticationInfo.serviceAccountDelegationInfo[0].firstPartyPrincipal.principalEmail",
        "authenticationInfo.serviceAccountDelegationInfo[0].principalSubject",
    ),
    "api.operation": METHOD,
    "api.service.name": f("serviceName"),
    "api.request": Obj(
        {"uid": f("operation.id", "insertId"), "data": Raw("request", "object")}, needs=("uid",)
    ),
    "api.response.code": num("status.code"),
    "api.response.error_message": f("status.message"),
    "unmapped.authorization": Raw("authorizationInfo", "array"),
    "unmapped.service_data": Raw("serviceData", "object"),
    "unmapped.metadata": Raw("metadata", "object"),
    "unmapped.response": Raw("response", "object"),
    "unmapped.labels": Raw("/resource.labels", "object"),
}
RESOURCE: Expression = Listing(
    (
        Obj(
            {
                "name": f("resourceName", "/resource.labels.instance_id"),
                "type": f("/resource.type"),
                "region": f("/resource.labels.location", "/resource.labels.zone"),
            },
            needs=("name",),
        ),
    )
)
REQUEST = "httpRequest"
URL = f("httpRequest.requestUrl")
FLOW = "jsonPayload.connection"
PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp"}
CONNECTION: Tree = {
    "src_endpoint.ip": Ip(f(f"{FLOW}.src_ip")),
    "src_endpoint.port": num(f"{FLOW}.src_port", maximum=PORT_MAXIMUM),
    "src_endpoint.name": f("jsonPayload.src_instance.vm_name", "jsonPayload.instance.vm_name"),
    "src_endpoint.vpc_uid": f("jsonPayload.src_vpc.vpc_name", "jsonPayload.vpc.vpc_name"),
    "dst_endpoint.ip": Ip(f(f"{FLOW}.dest_ip")),
    "dst_endpoint.port": num(f"{FLOW}.dest_port", maximum=PORT_MAXIMUM),
    "dst_endpoint.name": f("jsonPayload.dest_instance.vm_name"),
    "connection_info.protocol_num": num(f"{FLOW}.protocol"),
    "connection_info.protocol_name": Lookup(f(f"{FLOW}.protocol"), PROTOCOLS),
    "connection_info.direction_id": Lookup(
        f("jsonPayload.rule_details.direction"), {"ingress": 1, "egress": 2}, default=0
    ),
}
OTHER: Tree = {
    "message": Cut(
        f("textPayload", "jsonPayload.message", "message", "methodName", "/logName"),
        MESSAGE_LENGTH,
    ),
    "unmapped.payload": Raw("jsonPayload", "object"),
    "unmapped.labels": Raw("/resource.labels", "object"),
}


def _shape(payload: str) -> Shape:
    return Shape(
        name=payload,
        present=(
            frozenset({f"{payload}.methodName", f"{payload}.serviceName"}),
            frozenset({"logName", "insertId", "resource"}),
        ),
        roots=(payload, ""),
    )


MAPPER = Mapper(
    name="gcp",
    title="Google Cloud logs",
    limits=(
        "Audit, load balancer, DNS, VPC flow and firewall entries have classes; other "
        "entries are Base Events. Of several policy bindings the first is mapped. Flows "
        "have their bytes in one direction, as Google counts them."
    ),
    explode="entries",
    shapes=with_wrapped(
        _shape("protoPayload"),
        _shape("protopayload_auditlog"),
        Shape(
            name="entry",
            present=(
                frozenset({"logName"}),
                frozenset({"insertId", "receiveTimestamp"}),
                frozenset({"resource", "timestamp"}),
            ),
        ),
    ),
    times=(TimeField("timestamp"), TimeField("receiveTimestamp")),
    defaults={
        **product("Google Cloud Logging", "Google", "cloud", "host"),
        "cloud.provider": said("GCP", "logName", "insertId", "methodName"),
        "cloud.project_uid": f("resource.labels.project_id"),
        "cloud.region": f("resource.labels.location", "resource.labels.region"),
        "cloud.zone": f("resource.labels.zone"),
        "cloud.account.uid": First(
            (
                f("resource.labels.project_id"),
                Match(f("logName"), r"^(?:projects|organizations|folders)/([^/]+)/"),
            )
        ),
        "metadata.event_code": METHOD,
        "metadata.uid": f("insertId"),
        "metadata.log_name": f("logName"),
        "metadata.log_provider": f("serviceName", "resource.type"),
    },
    rules=(
        Rule(
            name="authentication",
            class_uid=3002,
            activity_id=Lookup(METHOD, LOGONS, default=0),
            severity_id=SEVERITY,
            tree={
                **CALLER,
                **under("user", ACTOR),
                "service.name": f("serviceName", "methodName"),
                "is_remote": c(True),
                "status_id": First(
                    (
                        Lookup(METHOD, {"google.login.loginservice.loginfailure": 2}),
                        CALLER["status_id"],
                    )
                ),
                "unmapped.metadata": Raw("metadata", "object"),
            },
            when=(("methodName", frozenset(LOGONS)), *NAMED),
        ),
        Rule(
            name="account change",
            class_uid=3001,
            activity_id=Lookup(METHOD, ACCOUNTS, default=0),
            severity_id=SEVERITY,
            tree={
                **AUDIT,
                "user.name": First(
                    (
                        f("response.email", "request.account_id"),
                        AfterLast(f("request.name"), "/"),
                        AfterLast(f("resourceName"), "/"),
                        PRINCIPAL,
                    )
                ),
                "user.uid": f("response.unique_id", "/resource.labels.unique_id"),
            },
            when=(("methodName", frozenset(ACCOUNTS)),),
        ),
        Rule(
            name="policy binding",
            class_uid=3005,
            activity_id=Lookup(f(f"{DELTA}.action"), {"add": 1, "remove": 2}, default=0),
            severity_id=SEVERITY,
            tree={
                **AUDIT,
                "user.name": First((AfterLast(f(f"{DELTA}.member"), ":"), f(f"{DELTA}.role"))),
                "user.type": Match(f(f"{DELTA}.member"), r"^([A-Za-z]+):"),
                "privileges": Listing((f(f"{DELTA}.role"),)),
                "resources": RESOURCE,
            },
            when=((f"{DELTA}.role", PRESENT),),
        ),
        Rule(
            name="API activity",
            class_uid=6003,
            activity_id=verb(METHOD, LAST_WORD),
            severity_id=SEVERITY,
            tree={**AUDIT, "resources": RESOURCE},
            when=(("methodName", PRESENT),),
        ),
        Rule(
            name="request",
            class_uid=4002,
            activity_id=Lookup(f(f"{REQUEST}.requestMethod"), HTTP_METHODS, other=99, default=0),
            severity_id=SEVERITY,
            tree={
                **under("src_endpoint", endpoint(f(f"{REQUEST}.remoteIp"))),
                **under("dst_endpoint", endpoint(f(f"{REQUEST}.serverIp"))),
                "http_request.http_method": Lookup(
                    f(f"{REQUEST}.requestMethod"), {name: name.upper() for name in HTTP_METHODS}
                ),
                "http_request.url.url_string": URL,
                "http_request.url.hostname": Match(URL, r"^[a-z]+://([^/:?#]+)"),
                "http_request.url.path": Match(URL, r"^[a-z]+://[^/]+(/[^?#]*)"),
                "http_request.url.query_string": Match(URL, r"\?([^#]+)"),
                "http_request.user_agent": f(f"{REQUEST}.userAgent"),
                "http_request.referrer": f(f"{REQUEST}.referer"),
                "http_request.length": num(f"{REQUEST}.requestSize"),
                "http_response": Obj(
                    {
                        "code": num(f"{REQUEST}.status"),
                        "length": num(f"{REQUEST}.responseSize"),
                    },
                    needs=("code",),
                ),
                "unmapped.payload": Raw("jsonPayload", "object"),
            },
            when=((f"{REQUEST}.requestMethod", PRESENT),),
        ),
        Rule(
            name="DNS query",
            class_uid=4003,
            activity_id=2,
            severity_id=SEVERITY,
            tree={
                "src_endpoint.ip": Ip(f("jsonPayload.sourceIP")),
                "src_endpoint.name": f("jsonPayload.vmInstanceName", "jsonPayload.sourceNetwork"),
                "src_endpoint.instance_uid": f("jsonPayload.vmInstanceId"),
                "src_endpoint.vpc_uid": f("jsonPayload.sourceNetwork"),
                "query.hostname": f("jsonPayload.queryName"),
                "query.type": f("jsonPayload.queryType"),
                "rcode": f("jsonPayload.responseCode"),
                "answers": Split(f("jsonPayload.rdata"), r"\r?\n", "rdata"),
                "connection_info.protocol_name": f("jsonPayload.protocol"),
                "connection_info.direction_id": c(0),
            },
            when=(("jsonPayload.queryName", PRESENT),),
        ),
        Rule(
            name="flow",
            class_uid=4001,
            activity_id=Lookup(f("jsonPayload.disposition"), {"denied": 5}, default=6),
            severity_id=SEVERITY,
            tree={
                **CONNECTION,
                "traffic.bytes": num("jsonPayload.bytes_sent"),
                "traffic.packets": num("jsonPayload.packets_sent"),
                "start_time": Millis(f("jsonPayload.start_time")),
                "end_time": Millis(f("jsonPayload.end_time")),
                "status_id": Lookup(f("jsonPayload.disposition"), {"allowed": 1, "denied": 2}),
                "unmapped.rule": f("jsonPayload.rule_details.reference"),
                "unmapped.disposition": f("jsonPayload.disposition"),
                "unmapped.reporter": f("jsonPayload.reporter"),
            },
            when=((f"{FLOW}.src_ip", PRESENT),),
        ),
        Rule(
            name="other entry",
            class_uid=0,
            activity_id=99,
            severity_id=SEVERITY,
            tree=OTHER,
        ),
    ),
)
