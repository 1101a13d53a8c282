"""What is true of generated logs of several tenants: the specification in, the labels out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.base import Frozen, UtcTime
from schemas.tenant_slice import IndicatorKind


class CampaignSpec(Frozen):
    """All that determines generated tenants; equal specifications give equal bytes.

    `style`: `ocsf` writes one file of OCSF events that name their tenant themselves, `logs` a
    folder of raw vendor logs a tenant. `rotated` is the share of infrastructure that the attacker
    changes from one tenant to the next. Without `findings` no product of the tenants says
    anything. `events` are benign events a tenant.
    `story` is the attacker's way in; `edge` (OCSF only) comes with services, partners, testers,
    mail lists and scanners that tenants share for benign reasons.
    """

    seed: int = 7
    tenants: int = Field(default=8, ge=2, le=500)
    attacked: int = Field(default=3, ge=0, le=500)
    days: int = Field(default=3, ge=1, le=60)
    events: int = Field(default=1_500, ge=0)
    style: Literal["ocsf", "logs"] = "ocsf"
    rotated: float = Field(default=0.3, ge=0.0, le=1.0)
    findings: bool = True
    decoys: bool = True
    story: Literal["phishing", "edge"] = "phishing"


class TrueIndicator(Frozen):
    """A planted value in one tenant; `shared` when another tenant of the campaign has it too."""

    tenant: str
    kind: IndicatorKind
    value: str
    shared: bool


class CampaignTruth(Frozen):
    """The labels of generated tenants, kept apart from their logs.

    `members` are in order of attack. `neutral` holds values whose naming is neither demanded nor
    wrong: side effects of the attack. `decoys` are tenants of an unrelated attack.
    """

    spec: CampaignSpec
    tenants: tuple[str, ...]
    files: dict[str, tuple[str, ...]]
    members: tuple[str, ...]
    first: dict[str, UtcTime]
    indicators: tuple[TrueIndicator, ...]
    neutral: tuple[str, ...] = ()
    decoys: tuple[str, ...] = ()
