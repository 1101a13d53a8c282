"""What a prompt must not carry is replaced before it leaves, and put back in the answer."""

from sentree.engine.redaction.redactor import Redactor

__all__ = ["Redactor"]
