"""Experiments: cases with known truth, asked on several paths, and what each trial measured."""
