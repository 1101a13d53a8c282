"""Sentree: security-log analysis as recursive workflow DAGs with checked citations."""

__version__ = "0.1.0"
