"""Prefect flows: parameters, order of tasks, names, tags, artifacts. Orchestration only."""
