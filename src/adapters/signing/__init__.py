"""Signing: keys that checkpoints are signed with, and a signer that remembers."""
