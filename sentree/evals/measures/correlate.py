"""Recall and precision of `sentree correlate`, and leaks between tenants, on generated tenants.

The sample has no logs of several tenants, so `rows` has none; other people's logs of one tenant
each can be loaded under tenants' names and measured the same way.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from schemas.campaign_truth import CampaignSpec, CampaignTruth
from schemas.correlate import CorrelateReport, CorrelateRequest
from sentree.analysis.correlate import run_all
from sentree.evals.correlate import leaks, score_correlation, uncited
from sentree.evals.generate.campaign import generate_campaign
from sentree.evals.measures.measure import Measure
from sentree.evals.metrics import SetScore, bootstrap, pooled
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.report.document import save_correlation
from sentree.settings import Settings

SEEDS = range(100, 106)
LOG_SEEDS = range(100, 103)
EDGE_SEEDS = range(400, 404)
_Scores = Mapping[str, SetScore]


def generated_rows() -> list[Measure]:
    """Measure on tenants of several kinds, one unit a seed; seeds that nothing was tuned on."""
    found: list[Measure] = []
    leaked = lines = 0
    kinds = (
        ("OCSF, findings", [CampaignSpec(seed=seed) for seed in SEEDS]),
        ("OCSF, no findings", [CampaignSpec(seed=seed, findings=False) for seed in SEEDS]),
        (
            "OCSF, findings, other story",
            [CampaignSpec(seed=seed, story="edge") for seed in EDGE_SEEDS],
        ),
        (
            "OCSF, no findings, other story",
            [CampaignSpec(seed=seed, story="edge", findings=False) for seed in EDGE_SEEDS],
        ),
        ("raw logs", [CampaignSpec(seed=seed, style="logs") for seed in LOG_SEEDS]),
    )
    for name, specs in kinds:
        scored: list[_Scores] = []
        for spec in specs:
            scores, leaks_found, without = measure(spec)
            scored.append(scores)
            leaked, lines = leaked + leaks_found, lines + without
        found += _measures(f"correlate: {name}, 3 of 8 tenants", scored)
    total = sum(len(specs) for _, specs in kinds)
    found.append(Measure("correlate", "leaks between tenants", leaked, None, None, total))
    found.append(Measure("correlate", "lines without a citation", lines, None, None, total))
    return found


def measure(spec: CampaignSpec) -> tuple[_Scores, int, int]:
    """Generate, load and correlate one set of tenants; give scores, leaks and uncited lines."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        truth = generate_campaign(folder / "logs", spec)
        settings = Settings(home=folder / "home", catalog=None)
        with Lake.open(settings) as lake:
            if spec.style == "ocsf":
                ingest(lake, [folder / "logs"], settings=settings)
            else:
                for name in truth.tenants:
                    ingest(lake, [folder / "logs" / name], settings=settings, tenant=name)
        made = run_all(settings, CorrelateRequest(formats=("md", "csv")))
        save_correlation(made.result, made.by_tenant, ("md", "csv"), settings.runs_dir)
        report = CorrelateReport.model_validate(made.result.data)
        leaked = _leaked(settings.runs_dir / made.result.run_uid / "tenants", truth)
        return score_correlation(report, truth), leaked, uncited(report)


def _leaked(folder: Path, truth: CampaignTruth) -> int:
    """Count names of other tenants in each tenant's files; every host and user bears its name."""
    total = 0
    for place in sorted(folder.iterdir()):
        texts = [each.read_text("utf-8") for each in place.iterdir() if each.is_file()]
        total += len(
            leaks(texts, [f"{name}.example" for name in truth.tenants if name != place.name])
        )
    return total


def _measures(task: str, scored: list[_Scores]) -> list[Measure]:
    """Pool over units; the interval draws units again."""
    found: list[Measure] = []
    for part in scored[0]:
        units = [one[part] for one in scored]
        total = pooled(units)
        note = f"{total.hits} found, {total.missed} missed, {total.wrong} wrong"
        for name in ("recall", "precision"):
            value = bootstrap(units, lambda drawn, name=name: getattr(pooled(drawn), name))
            found.append(Measure(task, f"{part} {name}", *value, len(units), note))
    return found
