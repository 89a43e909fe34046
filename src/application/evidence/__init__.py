"""Evidence: what labels, read again and again, allow to be said of a model."""
