"""Measures that need this checkout; those that come with the product are in the package."""
