"""Generators of labelled scenarios."""
