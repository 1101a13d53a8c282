"""OCSF as knowledge: classes, columns, validation, and mappings from raw logs."""
