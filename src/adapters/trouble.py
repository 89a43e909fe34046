"""Trouble: what a person at the command line is told without a traceback."""


class Trouble(Exception):
    """A command can't do what it was asked, and says why in one plain sentence or more."""
