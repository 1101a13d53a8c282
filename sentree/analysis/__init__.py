"""The analyses: each a program for the engine plus what it does with the reduced result."""
