"""Advisory locks by name: who writes the log, who moves a projection, who migrates."""

from hashlib import sha256


def lock_key(name: str) -> int:
    """The number that PostgreSQL knows a named lock by."""
    return int.from_bytes(sha256(f"remit/{name}".encode()).digest()[:8], signed=True)


def log_lock(table: str = "public.remit_events") -> int:
    """The lock every writer of a log holds to its commit, so that positions commit in order."""
    return lock_key(f"log/{table}")
