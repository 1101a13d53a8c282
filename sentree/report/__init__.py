"""Renderers: everything here reads one result document and nothing else."""
