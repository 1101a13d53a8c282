"""Threat intelligence: ATT&CK names, tactics and identifiers."""
