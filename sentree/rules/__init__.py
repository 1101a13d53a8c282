"""Detection rules: Sigma, compiled to SQL over the lake."""
