"""Exporting: what is recorded, for tools that others wrote. Nothing personal leaves in clear."""
