"""`python -m adapters` is `remit`, for who starts it without the script on the path."""

from adapters.cli import app

app()
