"""Evidence: what labels say, so that it may be looked at whenever anyone likes."""
