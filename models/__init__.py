"""What predicts: the router, the embedded analyst, language-model clients. No data models."""
