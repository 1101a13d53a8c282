"""What trials add up to: pure statistics from pairs of trials to a decision."""

from sentree.evals.verdict.judge import judge

__all__ = ["judge"]
