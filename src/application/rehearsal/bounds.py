"""Exact bounds of a share: Clopper and Pearson's interval."""


def clopper_pearson(hits: int, n: int, risk: float) -> tuple[float, float]:
    """The interval that misses the true share with at most this risk. Of nothing: anything."""
    if n == 0:
        return 0.0, 1.0
    # A command line that counts should not wait for scipy.
    from scipy.special import betaincinv  # noqa: PLC0415

    low = float(betaincinv(hits, n - hits + 1, risk / 2)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - risk / 2)) if hits < n else 1.0
    return low, high
