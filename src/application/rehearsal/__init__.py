"""Rehearsal: a policy put to recorded history, counted without asking it the same thing twice."""
