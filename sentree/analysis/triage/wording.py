"""The words for each signal, so that a reader meets reasons and not names of weights."""

from __future__ import annotations

from collections.abc import Iterable

from models.triage import EPSS, Effect

_WORDS = {
    "perimeter": "a favourite target: perimeter or remote access ({})",
    "platform": "a favourite target: system, browser or phone ({})",
    "server": "a widespread server product ({})",
    "web add-on": "a web add-on, a rare target ({})",
    "small product": "a small product, a rare target (“{}”)",
    "local": "of use after a break-in ({})",
    "memory": "memory corruption ({})",
    "maturity": "the vector says that exploit code exists ({})",
    "publishes proof": "the publisher gives proofs with advisories ({})",
    "withholds proof": "the publisher gives no details (“{}”)",
    "located": "the text says where to strike (“{}”)",
    "stated proof": "the record says that there is a proof or exploit (“{}”)",
    "stated exploited": "the record says that it is exploited (“{}”)",
    "proof reference": "a reference leads to a proof or exploit ({})",
    "proof catalogue": "collections of exploits have it ({})",
    "exploit list of CISA": "the record names CISA's list of exploited vulnerabilities as a source",
    "not listed as exploited": "on no list of exploited vulnerabilities ({})",
    "critical score": "the score is critical ({})",
    "modest score": "the score is modest ({})",
    "vector open": "vector: {}",
    "vector blocked": "vector: {}",
    "needs a person": "somebody has to take part (“{}”)",
    "needs a login": "an account or access is needed (“{}”)",
    "open text": "no account is needed (“{}”)",
    "all lost": "vector: {}",
    "part lost": "vector: {}",
    "little lost": "vector: {}",
    "total text": "the text speaks of taking over (“{}”)",
    "partial text": "the text speaks of a limited effect (“{}”)",
    "takeover weakness": "its weakness gives control ({})",
}
_ALWAYS = frozenset({"vector blocked", "part lost", "little lost"})
_LEAST = 0.3
"""Log-odds below which a signal is not worth a reader's time."""


def reasons(effects: Iterable[Effect], *, epss_given: bool, limit: int = 4) -> list[str]:
    """Say what speaks for and against, strongest first, with the effect in log-odds."""
    said: list[str] = []
    for one in effects:
        if one.signal == EPSS:
            what = f"EPSS is {one.shown}" if epss_given else f"EPSS is estimated at {one.shown}"
            if not epss_given:
                continue
        elif abs(one.effect) < _LEAST and one.signal not in _ALWAYS:
            continue
        else:
            what = _WORDS[one.signal].format(one.shown)
        said.append(f"{what} [{one.effect:+.1f}]" if one.effect else what)
    return said[:limit]
