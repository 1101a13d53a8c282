"""Campaigns over several tenants around what is new, compared with those told before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from schemas.correlate import Campaign
from schemas.digest import CampaignStatus, DigestCampaign
from schemas.window import Window
from sentree.analysis.correlate import correlate, fold_tenants
from sentree.errors import SentreeError
from sentree.lake.db import Lake
from sentree.lake.news import News
from sentree.lake.tenants import list_tenants, read_slice

REACH = timedelta(hours=72)
MOST_TOLD = 200
MOST_EVIDENCE = 8


class Campaigns(NamedTuple):
    """What was found; `note` says what was not looked at, `failed` why nothing could be."""

    found: tuple[DigestCampaign, ...]
    note: str = ""
    failed: str = ""


class Told(NamedTuple):
    """What is remembered of a campaign that was told: its tenants, and what they share."""

    tenants: list[str]
    indicators: list[str]


def compare_tenants(lake: Lake, news: Sequence[News], told: Sequence[str]) -> Campaigns:
    """Compare the digest's tenants in the time around what is new.

    Args:
        lake: the lake.
        news: what is new of each tenant.
        told: what was told of campaigns before, as `remembered` gave it.
    """
    if len(news) < 2 or not any(one.events for one in news):
        return Campaigns(())
    newest = max((each.last for one in news for each in one.classes if each.last), default=None)
    if newest is None:
        return Campaigns((), note="Campaigns were not looked for: no new event has a time.")
    window = Window(start=newest - REACH, end=newest + timedelta(microseconds=1))
    uids = {one.span.tenant for one in news}
    snapshot = max(one.span.detections_to for one in news)
    try:
        tenants = [one for one in list_tenants(lake, snapshot, window) if one.tenant_uid in uids]
        if len(tenants) < 2:
            return Campaigns((), note=f"Fewer than two tenants have events in {window}.")
        slices = [read_slice(lake, one, snapshot, window) for one in tenants]
        report = correlate(fold_tenants(slices), {})
    except SentreeError as error:
        return Campaigns((), failed=f"campaigns could not be looked for: {error}")
    before = read_told(told)
    return Campaigns(
        tuple(_campaign(one, before) for one in report.campaigns),
        note=f"Campaigns over tenants were looked for in {window} alone.",
    )


def read_told(texts: Sequence[str]) -> list[Told]:
    """Read what is remembered of campaigns."""
    listed = [each for text in dict.fromkeys(texts) for each in json.loads(text)]
    return [Told(tenants=one["tenants"], indicators=one["indicators"]) for one in listed]


def remembered(texts: Sequence[str], found: Sequence[DigestCampaign]) -> str:
    """Give what is to be remembered: what was, and what was found now, as JSON."""
    fresh = [Told(list(one.tenants), list(one.indicators)) for one in found]
    kept: dict[str, Told] = {}
    for one in (*read_told(texts), *fresh):
        kept[json.dumps(one)] = one
    newest = list(kept.values())[-MOST_TOLD:]
    return json.dumps([one._asdict() for one in newest])


def _campaign(one: Campaign, told: Sequence[Told]) -> DigestCampaign:
    tenants = tuple(each.tenant for each in one.members)
    # What says most comes first: a reader sees the beginning only.
    heaviest = sorted(one.indicators, key=lambda each: (-each.weight, each.kind, each.key))
    shared = list(dict.fromkeys(f"{each.kind} {each.key}" for each in heaviest if each.shared))
    evidence = [
        *(uid for each in one.members for uid in each.evidence[:2]),
        *(uid for each in one.indicators if each.shared for uid in each.evidence[:1]),
    ]
    return DigestCampaign(
        number=one.number,
        confidence=one.confidence,
        tenants=tenants,
        indicators=tuple(shared),
        techniques=one.techniques,
        first=min(each.first for each in one.members),
        last=max(each.last for each in one.members),
        status=_status(set(tenants), set(shared), told),
        evidence=tuple(dict.fromkeys(evidence))[:MOST_EVIDENCE],
    )


def _status(tenants: set[str], shared: set[str], told: Sequence[Told]) -> CampaignStatus:
    same = [one for one in told if shared & set(one.indicators)]
    if not same:
        return "new"
    met = {tenant for one in same for tenant in one.tenants}
    return "known" if tenants <= met else "grown"
