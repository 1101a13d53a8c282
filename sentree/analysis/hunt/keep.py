"""Stores sightings as detections: an indicator is to them what a rule is to others."""

from __future__ import annotations

from hashlib import sha256

from schemas.detection import RuleRecord
from schemas.hunt import HuntReport
from sentree.lake.db import Lake
from sentree.lake.detections import begin_hits, store_hits


def keep_sightings(lake: Lake, report: HuntReport) -> int:
    """Store the shown events of every sighting; gives how many detections are new.

    Raises:
        LakeError: the lake could not be written.
    """
    new = 0
    for tenant in sorted({one.tenant for one in report.sightings}):
        own = [one for one in report.sightings if one.tenant == tenant]
        begin_hits(lake)
        for one in own:
            lake.execute(
                "INSERT INTO rule_hits SELECT ?, event_uid, time FROM events"
                " WHERE tenant_uid = ? AND list_contains(?, event_uid)",
                [one.indicator_uid, tenant, list(one.event_uids)],
            )
        rules = [
            RuleRecord(
                rule_uid=one.indicator_uid,
                title=one.name,
                level=one.level,
                description=one.pattern,
                path="indicator",
                content_sha256=sha256(one.pattern.encode(errors="replace")).hexdigest(),
            )
            for one in own
        ]
        new += store_hits(lake, rules, tenant)
        lake.execute("DROP TABLE IF EXISTS temp.rule_hits")
    return new
