"""How alike the techniques of two tenants follow one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

from schemas.tenant_slice import TenantSlice

LEAST_LEVEL = 2


def technique_order(tenant: TenantSlice) -> tuple[str, ...]:
    """List a tenant's techniques by their first sighting; what is of low level only is left out."""
    return tuple(one.technique for one in tenant.techniques if one.level >= LEAST_LEVEL)


def common_order(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """Give the longest sequence of techniques that both go through in the same order."""
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) - 1, -1, -1):
        for j in range(len(other) - 1, -1, -1):
            table[i][j] = (
                table[i + 1][j + 1] + 1
                if one[i] == other[j]
                else max(table[i + 1][j], table[i][j + 1])
            )
    found: list[str] = []
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            found.append(one[i])
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def likeness(one: Sequence[str], other: Sequence[str], worth: Mapping[str, float]) -> float:
    """Tell how alike two sequences are, 0 to 1: the worth of what they have in common, in order."""
    if not one or not other:
        return 0.0
    common = sum(worth.get(each, 1.0) for each in common_order(one, other))
    whole = sqrt(
        sum(worth.get(each, 1.0) for each in one) * sum(worth.get(each, 1.0) for each in other)
    )
    return common / whole if whole else 0.0


def technique_worth(orders: Sequence[Sequence[str]]) -> dict[str, float]:
    """Weigh techniques: what most tenants show, attacked or not, says less."""
    counts: dict[str, int] = {}
    for order in orders:
        for technique in set(order):
            counts[technique] = counts.get(technique, 0) + 1
    total = len(orders)
    return {
        technique: 1.0 - 0.7 * (count - 1) / total if total > 3 else 1.0
        for technique, count in counts.items()
    }
