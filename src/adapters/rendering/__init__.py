"""Rendering: what was proved and what would change, for people to read."""
