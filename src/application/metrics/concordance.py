"""Two raters of the same cases: agreement beyond what chance alone would give."""

from collections.abc import Iterable, Sequence

from domain.model import Value

Table = Sequence[Sequence[int]]
"""Square: row = what the first rater said, column = what the second said, in the same order."""


class Concordance(Value):
    """How far two raters agree, by Cohen's kappa and by Gwet's AC1.

    Kappa collapses when nearly all cases are alike; AC1 does not. They are read together.
    """

    n: int
    agreed: int
    kappa: float | None
    ac1: float | None
    formula: str


def concordance(formula: str, table: Table) -> Concordance:
    """Both measures of one table."""
    return Concordance(
        n=_total(table),
        agreed=_agreed(table),
        kappa=cohen_kappa(table),
        ac1=gwet_ac1(table),
        formula=formula,
    )


def cross(pairs: Iterable[tuple[bool, bool]]) -> Table:
    """The two-by-two table of yes and no answers, yes first."""
    counts = [[0, 0], [0, 0]]
    for first, second in pairs:
        counts[not first][not second] += 1
    return counts


def cohen_kappa(table: Table) -> float | None:
    """Chance = the product of the two raters' shares. Undefined when both always say one thing."""
    n = _total(table)
    rows, columns = _margins(table)
    by_chance = sum(row * column for row, column in zip(rows, columns, strict=True))
    # On integers, so that "undefined" is exact: (a/n - c/n²) / (1 - c/n²).
    return (_agreed(table) * n - by_chance) / (n * n - by_chance) if by_chance < n * n else None


def gwet_ac1(table: Table) -> float | None:
    """Chance = that of a random answer, by how evenly answers spread over the categories."""
    n, categories = _total(table), len(table)
    if not n or categories < 2:
        return None
    rows, columns = _margins(table)
    shares = [(row + column) / (2 * n) for row, column in zip(rows, columns, strict=True)]
    by_chance = sum(share * (1 - share) for share in shares) / (categories - 1)
    return (_agreed(table) / n - by_chance) / (1 - by_chance)


def _total(table: Table) -> int:
    return sum(map(sum, table))


def _agreed(table: Table) -> int:
    return sum(row[index] for index, row in enumerate(table))


def _margins(table: Table) -> tuple[list[int], list[int]]:
    return [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
