"""Microsoft 365 unified audit records, as the Management Activity API gives them.

Single records, lists, or below `o365.audit` (Elastic's shipper). The text in the `AuditData`
column of a portal's CSV export is such a record too, once it stands by itself.
"""

from __future__ import annotations

from ocsf.mappers.microsoft_parts import PROFILES, VENDOR, client, cloud, named, verb
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
    Obj,
    Raw,
    Rule,
    Shape,
    Split,
    TimeField,
    Tree,
    c,
    f,
    with_wrapped,
)

OPERATION = f("Operation")
ADDRESS = f("ClientIP", "ClientIPAddress", "ActorIpAddress")
AGENT: Expression = First(
    (
        f("UserAgent", "ClientInfoString"),
        named(f("ExtendedProperties"), "UserAgent"),
        named(f("ExtendedProperties"), "additionalDetails"),
    )
)
RESULTS = {
    **dict.fromkeys(("success", "succeeded", "true", "partiallysucceeded"), 1),
    **dict.fromkeys(("failed", "failure", "false"), 2),
}
USER_TYPES = {
    **dict.fromkeys(("0", "regular"), 1),
    **dict.fromkeys(("2", "admin", "3", "dcadmin"), 2),
    **dict.fromkeys(("4", "system", "5", "application", "6", "serviceprincipal"), 3),
}
ROLE = r'"Name":"Role\.DisplayName","NewValue":"\\?"?((?:[^"\\]){1,200})'
GROUP = r'"Name":"Group\.DisplayName","NewValue":"\\?"?((?:[^"\\]){1,200})'

ACTOR: Tree = {
    "actor.user.name": f("UserId"),
    "actor.user.uid": f("UserKey"),
    "actor.user.type_id": Lookup(f("UserType"), USER_TYPES, other=99),
    "actor.session.uid": f("SessionId", "AppAccessContext.AADSessionId"),
    "actor.app_uid": f("ApplicationId", "AppId", "ClientAppId", "AppAccessContext.ClientAppId"),
}
COMMON: Tree = {
    **ACTOR,
    **client(ADDRESS, f("Workload")),
    **cloud(f("OrganizationId"), OPERATION),
    "http_request.user_agent": AGENT,
    "api.operation": OPERATION,
    "api.service.name": f("Workload"),
    "api.request": Obj(
        {
            "uid": f("Id"),
            "data": First((Raw("Parameters"), Raw("OperationProperties"))),
        },
        needs=("uid",),
    ),
    "unmapped.object": f("ObjectId"),
    "unmapped.mailbox_owner": f("MailboxOwnerUPN"),
    "unmapped.logon_type": f("LogonType"),
    "unmapped.external_access": Lookup(f("ExternalAccess"), {"true": True, "false": False}),
    "unmapped.modified": Raw("ModifiedProperties", "array"),
    "unmapped.extended": Raw("ExtendedProperties", "array"),
}
RESOURCES: Tree = {
    "resources": Listing(
        (Obj({"name": f("ObjectId", "Item.Subject", "MailboxOwnerUPN", "Target[0].ID")}),)
    ),
}

LOGONS = {"userloggedin": 1, "userloginfailed": 1, "mailboxlogin": 1, "userloggedout": 2}
_ACCOUNTS = {
    "add user": 1,
    "delete user": 6,
    "hard delete user": 6,
    "restore user": 2,
    "change user password": 3,
    "reset user password": 4,
    "set force change user password": 4,
    "disable account": 5,
    "enable account": 2,
    "update user": 99,
    "enable strong authentication": 10,
    "disable strong authentication": 11,
    "user registered security info": 10,
    "user registered all required security info": 10,
    "user deleted security info": 11,
    "user changed default security info": 99,
    "admin registered security info": 10,
    "admin deleted security info": 11,
}
ACCOUNTS = {**_ACCOUNTS, **{f"{name}.": each for name, each in _ACCOUNTS.items()}}
"""The audit log ends the directory's operations with a full stop, mostly."""
PERMISSIONS = {
    "add-mailboxpermission": 1,
    "add-recipientpermission": 1,
    "add-mailboxfolderpermission": 1,
    "set-mailboxfolderpermission": 1,
    "addfolderpermissions": 1,
    "modifyfolderpermissions": 1,
    "add member to role.": 1,
    "add eligible member to role.": 1,
    "remove-mailboxpermission": 2,
    "remove-recipientpermission": 2,
    "remove-mailboxfolderpermission": 2,
    "removefolderpermissions": 2,
    "remove member from role.": 2,
}
ALERTS = frozenset(
    {
        *("alerttriggered", "alertentitygenerated", "alertupdated", "dlprulematch"),
        *("timaildata", "tiurlclickdata", "timaildata-inline", "airinvestigationdata"),
    }
)
SEVERITIES = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
GROUPS = {
    "add member to group.": 3,
    "remove member from group.": 4,
    "delete group.": 5,
    "add group.": 6,
    "memberadded": 3,
    "memberremoved": 4,
}
FILES = {
    "fileuploaded": 1,
    "filesyncuploadedfull": 1,
    "filedownloaded": 2,
    "filesyncdownloadedfull": 2,
    "filemodified": 3,
    "filemodifiedextended": 3,
    "filedeleted": 4,
    "filerecycled": 4,
    "filedeletedfirststagerecyclebin": 4,
    "filedeletedsecondstagerecyclebin": 4,
    "filerenamed": 5,
    "filecopied": 6,
    "filemoved": 7,
    "filerestored": 8,
    "filepreviewed": 9,
    "filecheckedout": 10,
    "filecheckedin": 11,
    "sharingset": 12,
    "securelinkcreated": 12,
    "anonymouslinkcreated": 12,
    "companylinkcreated": 12,
    "addedtosecurelink": 12,
    "sharinginvitationcreated": 12,
    "sharingrevoked": 13,
    "anonymouslinkremoved": 13,
    "fileaccessed": 14,
    "fileaccessedextended": 14,
}


def _activity(table: dict[str, int], default: int = 0) -> Expression:
    return Lookup(OPERATION, table, default=default)


def _shape(name: str, root: str) -> Shape:
    at = f"{root}." if root else ""
    return Shape(
        name=name,
        present=(
            frozenset({f"{at}CreationTime"}),
            frozenset({f"{at}Operation"}),
            frozenset({f"{at}Workload", f"{at}RecordType"}),
            frozenset({f"{at}UserId", f"{at}UserKey", f"{at}OrganizationId"}),
        ),
        roots=(root,),
    )


MAPPER = Mapper(
    name="m365",
    title="Microsoft 365 unified audit",
    shapes=(*with_wrapped(_shape("m365", "")), _shape("m365 in o365.audit", "o365.audit")),
    times=(TimeField("CreationTime"),),
    defaults={
        "metadata.product.name": c("Microsoft 365"),
        "metadata.product.vendor_name": c(VENDOR),
        "metadata.product.feature.name": f("Workload"),
        "metadata.profiles": Listing(tuple(c(name) for name in PROFILES)),
        "metadata.event_code": OPERATION,
        "metadata.uid": f("Id"),
        "metadata.log_name": f("RecordType"),
        "metadata.log_provider": f("Workload"),
        "metadata.tenant_uid": f("OrganizationId"),
        "status_id": Lookup(f("ResultStatus"), RESULTS, default=0),
        "status": f("ResultStatus"),
    },
    rules=(
        Rule(
            name="authentication",
            class_uid=3002,
            activity_id=_activity(LOGONS),
            tree={
                **client(ADDRESS, f("Workload")),
                **cloud(f("OrganizationId"), OPERATION),
                "user.name": f("UserId"),
                "user.uid": f("UserKey"),
                "user.type_id": Lookup(f("UserType"), USER_TYPES, other=99),
                "service.name": f("Workload"),
                "service.uid": f("ApplicationId"),
                "session.uid": f("SessionId", "AppAccessContext.AADSessionId"),
                "http_request.user_agent": AGENT,
                "is_remote": c(True),
                # A record of a refused sign-in says `Success`: the audit of it succeeded.
                "status_id": First(
                    (
                        Lookup(OPERATION, {"userloginfailed": 2}),
                        Lookup(f("ResultStatus"), RESULTS, default=1),
                    )
                ),
                "status_code": f("ErrorNumber", "ErrorCode"),
                "status_detail": f("LogonError"),
                "unmapped.extended": Raw("ExtendedProperties", "array"),
                "unmapped.device": Raw("DeviceProperties", "array"),
                "unmapped.target": Raw("Target", "array"),
            },
            when=(("Operation", frozenset(LOGONS)),),
        ),
        Rule(
            name="account change",
            class_uid=3001,
            activity_id=_activity(ACCOUNTS),
            tree={**COMMON, "user.name": f("ObjectId", "Target[0].ID", "UserId")},
            when=(("Operation", frozenset(ACCOUNTS)),),
        ),
        Rule(
            name="access management",
            class_uid=3005,
            activity_id=_activity(PERMISSIONS),
            tree={
                **COMMON,
                "user.name": First(
                    (
                        named(f("Parameters"), "(?:User|Trustee)"),
                        f("Item.ParentFolder.MemberUpn", "ObjectId", "UserId"),
                    )
                ),
                "privileges": First(
                    (
                        Split(named(f("Parameters"), "AccessRights"), r"[\s,;]+"),
                        Split(f("Item.ParentFolder.MemberRights"), r"[\s,;]+"),
                        Listing((Match(f("ModifiedProperties"), ROLE),)),
                        Listing((c("Unknown"),)),
                    )
                ),
                "resource.name": First(
                    (
                        named(f("Parameters"), "Identity"),
                        f("MailboxOwnerUPN", "Item.ParentFolder.Path"),
                    )
                ),
            },
            when=(("Operation", frozenset(PERMISSIONS)),),
        ),
        Rule(
            name="group change",
            class_uid=3006,
            activity_id=_activity(GROUPS),
            tree={
                **COMMON,
                "group.name": First(
                    (
                        Match(f("ModifiedProperties"), GROUP),
                        f("TeamName", "TeamGuid", "ObjectId", "Workload"),
                    )
                ),
                "user.name": f("Members[0].UPN", "ObjectId", "UserId"),
            },
            when=(("Operation", frozenset(GROUPS)),),
        ),
        Rule(
            name="file activity",
            class_uid=6006,
            activity_id=_activity(FILES),
            tree={
                **COMMON,
                "file.name": First((f("SourceFileName"), Basename(f("ObjectId")))),
                "file.path": f("ObjectId"),
                "file.type_id": Lookup(f("ItemType"), {"file": 1, "folder": 2}, default=0),
                "share": f("SiteUrl"),
                "unmapped.folder": f("SourceRelativeUrl"),
                "unmapped.shared_with": f("TargetUserOrGroupName"),
                "unmapped.shared_with_type": f("TargetUserOrGroupType"),
            },
            when=(("Operation", frozenset(FILES)), ("ObjectId", PRESENT)),
        ),
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=Lookup(OPERATION, {"alertupdated": 2}, default=1),
            severity_id=Lookup(
                f("Severity", "PolicyDetails[0].Rules[0].Severity"), SEVERITIES, default=3
            ),
            tree={
                **cloud(f("OrganizationId"), OPERATION),
                "message": Cut(f("Comments", "Name"), 4096),
                "finding_info.uid": f("AlertId", "IncidentId", "InvestigationId", "Id"),
                "finding_info.title": f(
                    *("Name", "InvestigationName", "PolicyDetails[0].Rules[0].RuleName"),
                    *("PolicyDetails[0].PolicyName", "Verdict", "Operation"),
                ),
                "finding_info.types": Listing((f("Category", "InvestigationType", "Workload"),)),
                "finding_info.src_url": f("AlertLinks[0].AlertLinkHref", "DeepLinkUrl"),
                "finding_info.analytic.uid": f("PolicyId", "PolicyDetails[0].PolicyId"),
                "finding_info.analytic.type_id": c(1),
                "status_id": Lookup(
                    f("Status"),
                    {"active": 1, "investigating": 2, "dismissed": 3, "resolved": 4},
                    default=1,
                ),
                "resources": Listing(
                    (Obj({"name": f("AlertEntityId", "ObjectId"), "type": f("EntityType")}),)
                ),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "user.name": Match(
                                    f("AlertEntityId", "UserId", "ObjectId"), r"^([^@\s]+@[^@\s]+)$"
                                ),
                                "src_endpoint.ip": Ip(f("SenderIp", "UserIp", "ClientIP")),
                                "url": Obj({"url_string": f("Url")}, needs=("url_string",)),
                            }
                        ),
                    )
                ),
                "unmapped.data": f("Data"),
                "unmapped.sender": f("P2Sender", "P1Sender", "ExchangeMetaData.From"),
                "unmapped.subject": f("Subject", "ExchangeMetaData.Subject"),
                "unmapped.recipients": Raw("Recipients", "array"),
                "unmapped.policies": Raw("PolicyDetails", "array"),
                "unmapped.source": f("Source"),
            },
            when=(("Operation", ALERTS),),
        ),
        Rule(
            name="API activity",
            class_uid=6003,
            activity_id=verb(OPERATION),
            tree={
                **COMMON,
                **RESOURCES,
                "unmapped.item": Raw("Item", "object"),
                "unmapped.items": Raw("AffectedItems", "array"),
                "unmapped.folder": Raw("Folder", "object"),
                "unmapped.folders": Raw("Folders", "array"),
                "unmapped.destination": Raw("DestFolder", "object"),
            },
        ),
    ),
)
