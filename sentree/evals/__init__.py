"""Evaluation: generated scenarios with known truth, and metrics."""
