"""Audit: the Merkle log over everything recorded, and what can be proved from it without trust."""
