"""Finds what can be measured: the modules of this package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from inspect import signature
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple

from sentree.errors import UsageError
from sentree.evals.measures.measure import Measure

_PACKAGE = "sentree.evals.measures"


class Scenario(NamedTuple):
    """One scenario's figures: on generated data, and on a folder of real data; None if it has not.

    Either may raise `FileNotFoundError` when the folder lacks its part.
    """

    name: str
    generated: Callable[..., Sequence[Measure]] | None
    real: Callable[[Path], Sequence[Measure]] | None

    def measure_generated(self, seeds: int | None = None) -> list[Measure]:
        """Measure on generated data; `seeds` counts where the scenario lets itself be told."""
        if self.generated is None:
            return []
        if seeds is not None and "seeds" in signature(self.generated).parameters:
            return list(self.generated(seeds=seeds))
        return list(self.generated())

    def measure_real(self, data: Path) -> list[Measure]:
        """Measure on the real data in a folder."""
        return list(self.real(data)) if self.real else []


def find_scenarios() -> dict[str, Scenario]:
    """Give every scenario that measures something, by name."""
    found: dict[str, Scenario] = {}
    for package, name in _modules():
        module: Any = import_module(f"{package}.{name}")
        generated = getattr(module, "generated_rows", None)
        real = getattr(module, "rows", None)
        if generated or real:
            found.setdefault(name, Scenario(name, generated, real))
    return dict(sorted(found.items()))


def choose(names: Sequence[str]) -> list[Scenario]:
    """Give the named scenarios, or all.

    Raises:
        UsageError: one of the names is no scenario's.
    """
    known = find_scenarios()
    for name in names:
        if name not in known:
            raise UsageError(f"no scenario '{name}' is measured: there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names or known)]


def _modules() -> Iterator[tuple[str, str]]:
    for folder in import_module(_PACKAGE).__path__:
        yield from ((_PACKAGE, one.name) for one in iter_modules([folder]))
