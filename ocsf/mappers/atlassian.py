"""Audit logs of Atlassian's Data Center products: Bitbucket, Jira, Confluence, Bamboo."""

from __future__ import annotations

from ocsf.mappers.audit_parts import (
    MESSAGE_LENGTH,
    PLACES,
    endpoint,
    product,
    said,
    typed,
)
from ocsf.mapping import (
    PRESENT,
    Cut,
    Expression,
    First,
    Listing,
    Lookup,
    Mapper,
    Match,
    Obj,
    Raw,
    Rule,
    Shape,
    TimeField,
    Tree,
    c,
    f,
    under,
    with_wrapped,
)

DEED = f("deed")
KEY = f("key")
PRODUCTS = {
    "bitbucket": "Bitbucket",
    "jira": "Jira",
    "confluence": "Confluence",
    "bamboo": "Bamboo",
    "atlassian": "Atlassian",
}
PRODUCT = Lookup(Match(KEY, r"^([a-z]+)\."), PRODUCTS)
ACCOUNTS = {
    **dict.fromkeys(("user created", "user added"), 1),
    **dict.fromkeys(("user activated", "user enabled", "user unlocked"), 2),
    **dict.fromkeys(("user password changed", "password changed"), 3),
    **dict.fromkeys(("user password reset", "password reset"), 4),
    **dict.fromkeys(("user deactivated", "user disabled"), 5),
    **dict.fromkeys(("user deleted", "user removed"), 6),
    **dict.fromkeys(("username changed", "user renamed", "user details changed"), 99),
    **dict.fromkeys(("user details updated", "user updated", "user anonymized"), 99),
    **dict.fromkeys(("user added ssh access key to profile",), 99),
    **dict.fromkeys(("user deleted ssh access key from profile",), 99),
    **dict.fromkeys(("user added gpg key to profile", "user deleted gpg key from profile"), 99),
}
GROUPS = {
    **dict.fromkeys(("user added to user group", "user added to group"), 3),
    **dict.fromkeys(("user deleted from user group", "user removed from user group"), 4),
    **dict.fromkeys(("user removed from group",), 4),
    **dict.fromkeys(("user group created", "group created"), 6),
    **dict.fromkeys(("user group deleted", "group deleted"), 5),
    **dict.fromkeys(("group added to user group",), 7),
}
DONE = {
    **dict.fromkeys(("created", "added", "imported", "uploaded", "forked"), 1),
    **dict.fromkeys(("viewed", "accessed", "exported", "search", "searched", "downloaded"), 2),
    **dict.fromkeys(("cloned", "fetched", "triggered"), 2),
    **dict.fromkeys(("updated", "changed", "edited", "enabled", "disabled", "renamed"), 3),
    **dict.fromkeys(("moved", "restored", "pushed", "merged", "completed"), 3),
    **dict.fromkeys(("deleted", "removed"), 4),
}
GIVEN = {
    "granted": 1,
    "added": 1,
    **dict.fromkeys(("removed", "revoked", "deleted"), 2),
}
TARGET = typed("affectedObjects", frozenset({"user"}), ("name", "id"))
TARGET_UID = typed("affectedObjects", frozenset({"user"}), ("id",))
GROUP = typed("affectedObjects", frozenset({"group"}), ("name", "id"))


def extra(name: str) -> Expression:
    """Give the value of a further attribute."""
    return typed(
        "extraAttributes", frozenset({name.lower()}), ("value",), key="name", places=PLACES
    )


COMMON: Tree = {
    **under("src_endpoint", endpoint(Match(f("source"), r"^([^,\s]+)"), KEY)),
    "message": Cut(DEED, MESSAGE_LENGTH),
    "unmapped.category": f("category"),
    "unmapped.area": f("auditType.area"),
    "unmapped.changes": Raw("changedValues", "array"),
    "unmapped.attributes": Raw("extraAttributes", "array"),
    "unmapped.method": f("method"),
    "unmapped.node": f("node"),
}
ACTOR: Tree = {
    "actor.user.name": f("author.name", "author.id"),
    "actor.user.uid": f("author.id"),
    "actor.user.type": f("author.type"),
    "actor.app_name": First((PRODUCT, KEY)),
}
RESOURCES = Listing(
    tuple(
        Obj(
            {
                "name": f(f"affectedObjects[{place}].name"),
                "uid": f(f"affectedObjects[{place}].id"),
                "type": f(f"affectedObjects[{place}].type"),
            }
        )
        for place in range(PLACES)
    )
)


def _shape(name: str, kind: str) -> Shape:
    return Shape(
        name=name,
        present=(
            frozenset({f"{kind}.action", f"{kind}.actionI18nKey"}),
            frozenset({f"{kind}.category", f"{kind}.categoryI18nKey"}),
            frozenset({"author"}),
            frozenset({"timestamp"}),
        ),
        aliases={
            "deed": (f"{kind}.action", f"{kind}.actionI18nKey"),
            "key": (f"{kind}.actionI18nKey", f"{kind}.action"),
            "category": (f"{kind}.category", f"{kind}.categoryI18nKey"),
        },
    )


MAPPER = Mapper(
    name="atlassian",
    title="Bitbucket, Jira and Confluence audit logs",
    limits=(
        "Data Center products, in their English words; the audit logs of Atlassian's cloud are "
        "not known."
    ),
    explode="entities",
    shapes=with_wrapped(_shape("audit file", "auditType"), _shape("audit API", "type")),
    times=(
        TimeField("timestamp.epochSecond", unit="epoch"),
        TimeField("timestamp", unit="any"),
    ),
    defaults={
        **product("Atlassian audit log", "Atlassian", "host"),
        "metadata.event_code": KEY,
        "metadata.log_name": f("category"),
        "device.hostname": Match(f("system"), r"^[a-z]+://([^/:]+)"),
        "device.uid": f("node", "system", "key"),
        "device.type_id": c(0),
    },
    rules=(
        Rule(
            name="authentication",
            class_uid=3002,
            activity_id=Lookup(Match(DEED, r"(?i)(log ?out|logged out)"), {}, other=2, default=1),
            severity_id=Lookup(Match(DEED, r"(?i)(fail)"), {}, other=2, default=1),
            tree={
                **COMMON,
                "user.name": First((TARGET, f("author.name", "author.id", "key"))),
                "user.uid": First((TARGET_UID, f("author.id"))),
                "service.name": First((PRODUCT, KEY)),
                "auth_protocol": First(
                    (extra("Authentication method"), Match(DEED, r"\(([A-Z]+)\)"))
                ),
                "is_remote": c(True),
                "status_id": Lookup(Match(DEED, r"(?i)(fail)"), {}, other=2, default=1),
                "status_detail": extra("error"),
            },
            when=(("category", frozenset({"authentication"})), ("deed", PRESENT)),
        ),
        Rule(
            name="account",
            class_uid=3001,
            activity_id=Lookup(DEED, ACCOUNTS, default=99),
            tree={
                **COMMON,
                **ACTOR,
                "user.name": First((TARGET, extra("target"), KEY)),
                "user.uid": TARGET_UID,
                "status_id": c(1),
            },
            when=(("deed", frozenset(ACCOUNTS)),),
        ),
        Rule(
            name="group",
            class_uid=3006,
            activity_id=Lookup(DEED, GROUPS, default=99),
            tree={
                **COMMON,
                **ACTOR,
                "group.name": First((GROUP, extra("target"), KEY)),
                "user.name": TARGET,
                "user.uid": TARGET_UID,
                "status_id": c(1),
            },
            when=(("deed", frozenset(GROUPS)),),
        ),
        Rule(
            name="permission",
            class_uid=3005,
            activity_id=Lookup(
                Match(DEED, r"(?i)\b(granted|added|removed|revoked|deleted)$"), GIVEN, default=99
            ),
            severity_id=Lookup(Match(DEED, r"(?i)^(global)"), {}, other=2, default=1),
            tree={
                **COMMON,
                **ACTOR,
                "user.name": First((TARGET, GROUP, extra("target"), KEY)),
                "user.uid": TARGET_UID,
                "privileges": First((Listing((extra("Permission"),)), Listing((DEED,)))),
                "resources": RESOURCES,
            },
            when=(("category", frozenset({"permissions"})),),
        ),
        Rule(
            name="other action",
            class_uid=6003,
            activity_id=Lookup(Match(DEED, rf"(?i)\b({'|'.join(DONE)})\b"), DONE, default=99),
            tree={
                **COMMON,
                **ACTOR,
                "api.operation": DEED,
                "api.service.name": First((PRODUCT, said("Atlassian", "key"))),
                "resources": RESOURCES,
            },
        ),
    ),
)
