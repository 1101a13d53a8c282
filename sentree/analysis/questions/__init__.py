"""Questions of counting, finding and listing, answered by SQL without a language model."""

from sentree.analysis.questions.ask import answer_question

__all__ = ["answer_question"]
