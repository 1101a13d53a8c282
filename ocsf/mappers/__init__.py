"""The registry of mappers: source format to the data that maps it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from ocsf.mappers import (
    accounts,
    atlassian,
    auditd,
    auth0,
    aws_access,
    aws_network,
    azure,
    base,
    bitwarden,
    carbon_black,
    cef,
    check_point,
    cisco_asa,
    cisco_ios,
    cloudflare,
    cloudtrail,
    cron,
    crowdstrike_falcon,
    crowdstrike_fdr,
    databases,
    defender_hunting,
    dhcp_text,
    dns_text,
    duo,
    entra,
    falco,
    fortigate,
    gcp,
    github,
    gitlab,
    google_workspace,
    guardduty,
    haproxy,
    ids_text,
    junos,
    kernel_firewall,
    kubernetes,
    laurel,
    leef,
    m365,
    macos,
    meraki,
    microsoft_alerts,
    mikrotik,
    ocsf_events,
    okta,
    onelogin,
    onepassword,
    osquery,
    palo_alto,
    pam,
    pfsense,
    postfix,
    privilege,
    proxy,
    security_hub,
    sentinelone,
    slack,
    sonicwall,
    sophos,
    sophos_central,
    squid,
    sshd,
    suricata,
    syslog,
    systemd,
    vpc_flow,
    vpn_text,
    w3c,
    wazuh,
    web_access,
    web_error,
    windows,
    zeek,
    zoom,
)
from ocsf.mapping import Mapper

MAPPERS: dict[str, Mapper] = {
    each.MAPPER.name: each.MAPPER
    for each in (
        *(cloudtrail, m365, entra, okta, google_workspace, gcp, github, gitlab, kubernetes),
        *(suricata, falco, crowdstrike_fdr, crowdstrike_falcon, guardduty, security_hub),
        *(microsoft_alerts, defender_hunting, aws_network, duo, cloudflare),
        *(wazuh, auth0, slack),
        *(osquery, zoom, onepassword, bitwarden, onelogin, atlassian),
        *(sentinelone, carbon_black, sophos_central, macos, laurel),
        *(windows, zeek, azure, ocsf_events),
        *(cisco_asa, palo_alto, fortigate, cef, leef, junos, check_point, vpc_flow, squid, proxy),
        *(pfsense, sonicwall, sophos),
        *(mikrotik, vpn_text, cisco_ios),
        *(meraki,),
        *(sshd, privilege, accounts, cron, systemd, postfix, dns_text, dhcp_text),
        *(
            auditd,
            kernel_firewall,
            ids_text,
            haproxy,
            aws_access,
            web_access,
            w3c,
            web_error,
            databases,
            pam,
        ),
        *(syslog, base),
    )
}
"""In the order in which a record's format is looked for; the last takes what no other knows."""

Steps = tuple[str, ...]
STEP = re.compile(r'"([^"]+)"|([^.\[\]"]+)')


def detect(samples: Sequence[Mapping[str, object]]) -> str | None:
    """Name the mapper whose shape most of the sampled records have; None when none fits half."""
    counts = {
        name: sum(_fits(mapper, record) for record in samples) for name, mapper in MAPPERS.items()
    }
    best = max(counts, key=counts.__getitem__)
    return best if samples and counts[best] * 2 > len(samples) else None


def _fits(mapper: Mapper, record: Mapping[str, object]) -> bool:
    if _has_shape(mapper, record):
        return True
    # The first one of the list that the record wraps.
    wrapped = _value_at(_steps(mapper.explode), record) if mapper.explode else None
    if isinstance(wrapped, list) and wrapped and isinstance(wrapped[0], dict):
        return _has_shape(mapper, cast(Mapping[str, object], wrapped[0]))
    return False


def _has_shape(mapper: Mapper, record: Mapping[str, object]) -> bool:
    # Plain loops: some hundred shapes are tried on each sampled record.
    for shape in _stepped(mapper.name):
        for places in shape:
            for steps in places:
                if steps[0] in record and _value_at(steps, record) is not None:
                    break
            else:
                break
        else:
            return True
    return False


def _value_at(steps: Steps, record: Mapping[str, object]) -> object:
    value: Any = record
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = cast(dict[str, Any], value).get(step)
    return value


@cache
def _stepped(name: str) -> tuple[tuple[tuple[Steps, ...], ...], ...]:
    """Give a mapper's shapes, each path in its steps; one that asks for nothing is none."""
    return tuple(
        tuple(tuple(_steps(path) for path in paths) for paths in shape.present)
        for shape in MAPPERS[name].shapes
        if shape.present
    )


@cache
def _steps(path: str) -> Steps:
    return tuple(quoted or plain for quoted, plain in STEP.findall(path))
