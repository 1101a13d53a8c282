"""Logs of any size with questions about them whose answers are known exactly."""

from sentree.evals.generate.questions.generate import generate_questions, read_truth, truth_path

__all__ = ["generate_questions", "read_truth", "truth_path"]
