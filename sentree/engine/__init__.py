"""The recursive engine: partition, leaves, typed reduces, verification. Knows no storage."""
