"""Prefect tasks: each wraps one call of the core; and the executor that maps the tree."""
