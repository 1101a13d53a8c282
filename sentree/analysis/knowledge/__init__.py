"""Brings what is known beside events into the lake: STIX, CVE data, controls, Sigma rules."""

from sentree.analysis.knowledge.deliver import deliver

__all__ = ["deliver"]
