"""One campaign against several tenants: an incident each, of a company of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from schemas.scenario import IncidentSpec, IncidentTruth
from sentree.evals.generate.incident import generate_incident

_SEEDS_APART = 1_009


def tenant_spec(
    spec: IncidentSpec, tenants: Sequence[str], number: int, attacked: Collection[str]
) -> IncidentSpec:
    """Give one tenant's incident: its own company and days, the campaign's infrastructure."""
    name = tenants[number]
    return spec.model_copy(
        update={
            "seed": spec.seed + _SEEDS_APART * number,
            "tenant": name,
            "attack": name in attacked,
        }
    )


def generate_tenants(
    folder: Path, spec: IncidentSpec, tenants: Sequence[str], attacked: Collection[str]
) -> dict[str, IncidentTruth]:
    """Write the logs of each tenant into a folder of its name; the labels stand beside it.

    Those that were attacked share the intruder's addresses and names, the others have benign days.

    Raises:
        UsageError: a tenant's folder holds files already.
    """
    return {
        name: generate_incident(folder / name, tenant_spec(spec, tenants, number, attacked))
        for number, name in enumerate(tenants)
    }
