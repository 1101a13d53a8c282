"""Contracts between the parts: frozen pydantic models and protocols, no I/O."""
