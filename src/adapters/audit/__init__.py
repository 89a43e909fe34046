"""Audit: what leaves for auditors, and the script that they check it with, without us."""
