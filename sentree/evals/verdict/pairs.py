"""Which trials belong together: pairs of two paths on one case, and clusters of cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from schemas.experiment import EvalOutcome, EvalPath, Trial
from sentree.evals.verdict.resample import Cluster

Grouping = Literal["seed", "records", "case", "case over sizes"]


class CaseKey(NamedTuple):
    """One question on the same records, asked of one model: what a pair shares."""

    experiment: str
    task: str
    case_uid: str
    size_tokens: int
    model: str


@dataclass(frozen=True, slots=True)
class Side:
    """What one path measured on one case, averaged if the case was asked several times.

    `usd` is None without a price; `usd`, `seconds` and `tokens` are None where nothing was started.
    """

    score: float
    answered: bool
    usd: float | None
    seconds: float | None
    tokens: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two paths on one case."""

    task: str
    cluster: Cluster
    size_tokens: int
    context_tokens: int
    base: Side
    treated: Side

    @property
    def difference(self) -> float:
        """How much more the treated path scored."""
        return self.treated.score - self.base.score


def case_key(trial: Trial) -> CaseKey:
    """Name the case of a trial."""
    return CaseKey(trial.experiment, trial.task, trial.case_uid, trial.size_tokens, trial.model)


def counted_score(trial: Trial) -> float:
    """Give the score that counts: what failed or declined was of no use, whatever is recorded."""
    lost = trial.outcome in (EvalOutcome.FAILED, EvalOutcome.DECLINED)
    return 0.0 if lost else trial.score


def answered(trial: Trial) -> bool:
    """Tell whether the trial gave an answer, complete or not."""
    return trial.outcome in (EvalOutcome.ANSWERED, EvalOutcome.LIMITED)


def started(trial: Trial) -> bool:
    """Tell whether anything was done: a failure before the first call has no cost or latency."""
    return trial.outcome is not EvalOutcome.FAILED or trial.calls > 0 or bool(trial.usd)


def grouping(trials: Iterable[Trial], min_cases: int) -> dict[str, Grouping]:
    """Choose, for every task, what is drawn together.

    A seed with all its tasks and sizes, which may share records. With too few seeds to draw from:
    the tasks of one seed and size, drawn size by size. Where seeds don't tell records apart (one
    case has several, or several cases of a size share one): one case, drawn size by size unless
    cases go through all sizes.
    """
    seeds: dict[str, set[int]] = defaultdict(set)
    of_case: dict[tuple[str, str], set[int]] = defaultdict(set)
    sizes: dict[tuple[str, str], set[int]] = defaultdict(set)
    same: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    for trial in trials:
        seeds[trial.task].add(trial.seed)
        of_case[trial.task, trial.case_uid].add(trial.seed)
        sizes[trial.task, trial.case_uid].add(trial.size_tokens)
        same[trial.task, trial.size_tokens, trial.seed].add(trial.case_uid)
    repeated = {task for (task, _), known in of_case.items() if len(known) > 1}
    shared = {task for (task, *_), known in same.items() if len(known) > 1}
    through = {task for (task, _), known in sizes.items() if len(known) > 1}

    def choose(task: str, known: set[int]) -> Grouping:
        if task not in repeated and len(known) >= min_cases:
            return "seed"
        if task not in repeated | shared | through and len(known) > 1:
            return "records"
        return "case over sizes" if task in through else "case"

    return {task: choose(task, known) for task, known in sorted(seeds.items())}


def cluster_of(trial: Trial, group: Mapping[str, Grouping]) -> Cluster:
    """Name the cluster of a trial."""
    match group[trial.task]:
        case "seed":
            return Cluster("seeds", str(trial.seed))
        case "records":
            return Cluster(f"records of {trial.size_tokens} tokens", str(trial.seed))
        case "case":
            return Cluster(f"{trial.task}, {trial.size_tokens} tokens", trial.case_uid)
        case "case over sizes":
            return Cluster(trial.task, trial.case_uid)


def make_pairs(
    trials: Iterable[Trial],
    baseline: EvalPath,
    path: EvalPath,
    group: Mapping[str, Grouping],
) -> tuple[list[Pair], int]:
    """Pair two paths by case and model; give the pairs, and how many trials have no partner."""
    cases: dict[CaseKey, dict[EvalPath, list[Trial]]] = defaultdict(lambda: defaultdict(list))
    for trial in trials:
        if trial.path in (baseline, path):
            cases[case_key(trial)][trial.path].append(trial)
    pairs: list[Pair] = []
    unpaired = 0
    for key in sorted(cases):
        sides = cases[key]
        if len(sides) < 2:
            unpaired += sum(map(len, sides.values()))
            continue
        both = [*sides[baseline], *sides[path]]
        pairs.append(
            Pair(
                task=key.task,
                cluster=cluster_of(min(both, key=lambda one: one.seed), group),
                size_tokens=key.size_tokens,
                context_tokens=max(one.context_tokens for one in both) or key.size_tokens,
                base=_side(sides[baseline]),
                treated=_side(sides[path]),
            )
        )
    return pairs, unpaired


def by_task(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Sort pairs by task."""
    found: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        found[pair.task].append(pair)
    return dict(sorted(found.items()))


def without_repeats(trials: Iterable[Trial]) -> tuple[list[Trial], int]:
    """Leave out what was handed in twice, word for word; give the rest in a fixed order."""
    known: dict[str, Trial] = {}
    count = 0
    for trial in trials:
        known[trial.model_dump_json()] = trial
        count += 1
    return [known[text] for text in sorted(known)], count - len(known)


def _side(trials: Sequence[Trial]) -> Side:
    done = [trial for trial in trials if started(trial)]
    prices = [trial.usd for trial in done if trial.usd is not None]
    return Side(
        score=_mean([counted_score(trial) for trial in trials]),
        answered=any(answered(trial) for trial in trials),
        usd=_mean(prices) if prices and len(prices) == len(done) else None,
        seconds=_mean([trial.seconds for trial in done]) if done else None,
        tokens=_mean([trial.input_tokens + trial.output_tokens for trial in done])
        if done
        else None,
    )


def _mean(values: Sequence[float]) -> float:
    # Sorted, so that the order in which trials come changes no last digit.
    return sum(sorted(values)) / len(values)
