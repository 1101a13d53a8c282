"""Bitwarden's organisation events, as its public API and its shippers give them."""

# The tables are read better in long lines.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.mappers.audit_parts import endpoint, product, said
from ocsf.mapping import (
    First,
    Join,
    Listing,
    Lookup,
    Mapper,
    Obj,
    Rule,
    Shape,
    TimeField,
    Tree,
    c,
    f,
    under,
    with_wrapped,
)

OPERATIONS = {
    1000: "Logged in", 1001: "Changed account password", 1002: "Enabled two-step login",
    1003: "Disabled two-step login", 1004: "Recovered account from two-step login",
    1005: "Login attempt failed: wrong password", 1006: "Login attempt failed: wrong second factor",
    1007: "Exported individual vault", 1008: "Updated password of emergency access",
    1009: "Migrated keys to Key Connector", 1010: "Requested device approval",
    1100: "Created item", 1101: "Edited item", 1102: "Permanently deleted item", 1103: "Created attachment",
    1104: "Deleted attachment", 1105: "Moved item to organisation", 1106: "Edited collections of item",
    1107: "Viewed item", 1108: "Viewed password", 1109: "Viewed hidden field", 1110: "Viewed security code",
    1111: "Copied password", 1112: "Copied hidden field", 1113: "Copied security code", 1114: "Auto-filled item",
    1115: "Sent item to trash", 1116: "Restored item", 1117: "Viewed card number",
    1300: "Created collection", 1301: "Edited collection", 1302: "Deleted collection",
    1400: "Created group", 1401: "Edited group", 1402: "Deleted group",
    1500: "Invited user", 1501: "Confirmed user", 1502: "Edited user", 1503: "Removed user",
    1504: "Edited groups of user", 1505: "Unlinked SSO", 1506: "Enrolled in account recovery",
    1507: "Withdrew from account recovery", 1508: "Reset master password of user", 1509: "Reset SSO link",
    1510: "First login with SSO", 1511: "Revoked access of user", 1512: "Restored access of user",
    1600: "Edited organisation", 1601: "Purged organisation vault", 1602: "Exported organisation vault",
    1603: "Organisation vault access by a provider", 1604: "Enabled SSO", 1605: "Disabled SSO",
    1700: "Edited policy", 2000: "Added domain", 2001: "Removed domain", 2100: "Accessed secret",
}  # fmt: skip
ACTIVITIES = {
    **dict.fromkeys((1100, 1103, 1300, 1400, 1500, 2000), 1),
    **dict.fromkeys((1007, 1107, 1108, 1109, 1110, 1111, 1112, 1113, 1114, 1117, 1602, 1603, 2100), 2),
    **dict.fromkeys((1101, 1105, 1106, 1116, 1301, 1401, 1501, 1502, 1504, 1600, 1604, 1605, 1700), 3),
    **dict.fromkeys((1102, 1104, 1115, 1302, 1402, 1503, 1601, 2001), 4),
}  # fmt: skip
ACCOUNTS = {
    1001: 3,
    1002: 10,
    1003: 11,
    1004: 11,
    1508: 4,
    1500: 1,
    1503: 6,
    1511: 5,
    1512: 2,
    1502: 99,
}


def texts(table: dict[int, int]) -> dict[str, str | int | bool]:
    """Give a table with its keys as texts."""
    return {str(key): value for key, value in table.items()}


KIND = f("type")
OPERATION = First(
    (
        Lookup(KIND, {str(key): name for key, name in OPERATIONS.items()}),
        Join((said("event", "type"), KIND), " "),
    )
)
ACTING = f("actingUserEmail", "actingUserName", "actingUserId", "memberId", "installationId")
COMMON: Tree = {
    **under("src_endpoint", endpoint(f("ipAddress"), f("object"))),
    "message": OPERATION,
    "unmapped.device": f("device", "deviceName"),
    "unmapped.collection": f("collectionId"),
    "unmapped.group": f("groupId"),
    "unmapped.policy": f("policyId"),
}
MAPPER = Mapper(
    name="bitwarden",
    title="Bitwarden organisation events",
    limits="People are ids, except where a shipper adds their names.",
    shapes=with_wrapped(
        Shape(
            name="event",
            present=(
                frozenset({"type"}),
                frozenset({"date"}),
                frozenset({"actingUserId", "memberId", "itemId"}),
                frozenset({"ipAddress", "device", "installationId"}),
            ),
        ),
    ),
    times=(TimeField("date"),),
    defaults={
        **product("Bitwarden", "Bitwarden", "cloud", "host"),
        "cloud.provider": said("Bitwarden", "type"),
        "metadata.event_code": KIND,
    },
    rules=(
        Rule(
            name="logon",
            class_uid=3002,
            activity_id=1,
            severity_id=Lookup(KIND, {"1005": 2, "1006": 2}, default=1),
            tree={
                **COMMON,
                "user.name": ACTING,
                "user.uid": f("actingUserId"),
                "service.name": said("Bitwarden", "type"),
                "is_remote": c(True),
                "status_id": Lookup(KIND, {"1005": 2, "1006": 2}, default=1),
                "status_detail": OPERATION,
            },
            when=(("type", frozenset({"1000", "1005", "1006", "1510"})),),
        ),
        Rule(
            name="account",
            class_uid=3001,
            activity_id=Lookup(KIND, texts(ACCOUNTS), default=99),
            tree={
                **COMMON,
                "user.name": f("memberEmail", "memberName", "memberId", "actingUserId"),
                "user.uid": f("memberId", "actingUserId"),
                "actor.user.name": ACTING,
                "actor.user.uid": f("actingUserId"),
                "actor.app_name": said("Bitwarden", "type"),
                "status_id": c(1),
            },
            when=(("type", frozenset(map(str, ACCOUNTS))),),
        ),
        Rule(
            name="operation",
            class_uid=6003,
            activity_id=Lookup(KIND, texts(ACTIVITIES), default=99),
            severity_id=Lookup(KIND, {"1007": 2, "1602": 3, "1601": 3, "1605": 3}, default=1),
            tree={
                **COMMON,
                "actor.user.name": ACTING,
                "actor.user.uid": f("actingUserId"),
                "actor.app_name": said("Bitwarden", "type"),
                "api.operation": OPERATION,
                "api.service.name": said("Bitwarden", "type"),
                "resources": Listing((Obj({"uid": f("itemId", "collectionId", "groupId", "policyId", "secretId")}),)),
                "status_id": c(1),
            },
        ),
    ),
)  # fmt: skip
