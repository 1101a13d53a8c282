"""One campaign in several tenants: read each tenant alone, compare, report to each its own."""

from sentree.analysis.correlate.campaigns import correlate
from sentree.analysis.correlate.fold import fold_tenants
from sentree.analysis.correlate.run import (
    Correlation,
    Plan,
    conclude,
    plan,
    read_tenant,
    run,
    run_all,
)

__all__ = [
    "Correlation",
    "Plan",
    "conclude",
    "correlate",
    "fold_tenants",
    "plan",
    "read_tenant",
    "run",
    "run_all",
]
