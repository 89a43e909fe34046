"""Reads an export with pm4py, in a process of its own, and says what it found there, as JSON."""

import json
import sys
from collections import Counter
from typing import Any

import pm4py


def read(format: str, path: str) -> dict[str, Any]:
    """How many cases, events and variants there are, and of what."""
    if format == "xes":
        log = pm4py.read_xes(path)
        return {"cases": log["case:concept:name"].nunique()} | _found(log, log)
    ocel = pm4py.read_ocel2_json(path)
    flat = pm4py.format_dataframe(  # case by case, each in order of time
        pm4py.ocel_flattening(ocel, "decision"),
        case_id="case:concept:name",
        activity_key="concept:name",
        timestamp_key="time:timestamp",
    )
    counts = Counter(ocel.objects["ocel:type"])
    valid = {"objects": dict(counts), "relations": len(ocel.relations)}
    return valid | {"cases": flat["case:concept:name"].nunique()} | _found(flat, ocel.events)


def _found(log: Any, events: Any) -> dict[str, Any]:
    variants = pm4py.get_variants(log)
    sizes = {k: v if isinstance(v, int) else len(v) for k, v in variants.items()}
    name = "concept:name" if "concept:name" in events else "ocel:activity"
    return {
        "events": len(events),
        "variants": sorted([list(variant), size] for variant, size in sizes.items()),
        "activities": dict(Counter(events[name])),
        "columns": sorted(map(str, events.columns)),
    }


if __name__ == "__main__":
    json.dump(read(*sys.argv[1:]), sys.stdout, default=int)
