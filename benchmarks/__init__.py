"""Measured claims: every figure that `remit` is judged by, and one command to measure them anew."""
