"""How often circuit breakers err, and how soon they act: `python -m benchmarks.breakers`.

300 streams of 100,000 labels at the limit have to trip in at most δ + 3 standard errors of cases; a
rate that doubles at label 50,000 has to be caught within 700 labels at the median. The fold is the
service's: `tests/application/evidence` proves the arrays equal to it, to the bit.
"""

import json
import sys
from itertools import chain, repeat
from pathlib import Path
from time import process_time

import numpy as np

from application.evidence.breaking import Terms
from tests.application.evidence.simulating import first_trips

OUT = Path(__file__).parents[1] / "docs" / "benchmarks" / "breakers.json"
TERMS = Terms(limit=0.05, delta=0.05, horizon=100_000)
STREAMS, SEED = 300, 20_260
WITHIN = 700


def false_stops() -> dict[str, float]:
    """Streams at the limit: the share that tripped although nothing was exceeded."""
    tripped = first_trips(TERMS, repeat(TERMS.limit, TERMS.horizon), STREAMS, SEED) > 0
    delta = TERMS.delta
    allowed = delta + 3 * (delta * (1 - delta) / STREAMS) ** 0.5
    return {"share": float(tripped.mean()), "allowed": allowed}


def delays(turns_at: int) -> dict[str, float]:
    """Streams whose rate doubles: after how many labels each trips, of those that had not yet."""
    rates = chain(repeat(TERMS.limit, turns_at), repeat(2 * TERMS.limit, 5_000))
    tripped = first_trips(TERMS, rates, STREAMS, SEED + turns_at)
    late = np.where(tripped == 0, 10**9, tripped - turns_at)
    late = late[late > 0]
    low, middle, high = np.quantile(late, (0.05, 0.5, 0.95))
    return {"p5": float(low), "median": float(middle), "p95": float(high), "allowed": WITHIN}


def main() -> int:
    """Simulate, write what came of it, and say whether it holds."""
    begun = process_time()
    stops = false_stops()
    doubled = {str(at): delays(at) for at in (0, 1_000, 50_000, 90_000)}
    asked = {"terms": TERMS.model_dump(), "streams": STREAMS, "seed": SEED}
    found = {**asked, "false_stops": stops, "doubled": doubled}
    OUT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))
    print(f"{process_time() - begun:.0f} s")
    good = stops["share"] <= stops["allowed"] and doubled["50000"]["median"] <= WITHIN
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
