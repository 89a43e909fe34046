"""Reproduces every quality draw in an export of events. Needs Python 3.11, and nothing else.

    REMIT_LOT_KEY=... python3 reproduce_draw.py --key-id lots-1 events.jsonl

An export is what `GET /v1/events` or `GET /v1/decisions/{id}/events` answered, page by page or one
event a line; `-` reads what comes in. The draw is

    sampled = HMAC-SHA256(key, the decision's id as 16 bytes)[:8] as a number < rate * 2**64

Exits with 0 where every draw is reproduced, with 1 where one is not, with 2 where nothing could be
checked.
"""

import hmac
import json
import os
import sys
from argparse import ArgumentParser
from fractions import Fraction
from pathlib import Path
from uuid import UUID

LOTS = 2**64


def lot(key, decision):
    """The number that is drawn for a decision."""
    return int.from_bytes(hmac.digest(key, UUID(decision).bytes, "sha256")[:8], "big")


def draws(text):
    """Every draw in an export: the decision, and what was recorded of it."""
    for line in documents(text):
        for event in line.get("items", [line]):
            quality = event.get("data", {}).get("quality")
            if event.get("type") == "decision.auto_actioned" and quality:
                yield event["subject"], quality


def documents(text):
    """JSON documents one after another, on lines of their own or not."""
    read, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        found, end = read.raw_decode(text, at)
        yield found
        at = end + len(text[end:]) - len(text[end:].lstrip())


def main():
    """Check every draw of an export, and say what was found."""
    parser = ArgumentParser(description="Reproduce every quality draw in an export of events.")
    parser.add_argument("export", help="a file of events; - for what comes in")
    parser.add_argument("--key-id", default=os.environ.get("REMIT_LOT_KEY_ID", "lots-1"))
    asked = parser.parse_args()
    key = os.environ.get("REMIT_LOT_KEY", "").encode()
    if not key:
        print("REMIT_LOT_KEY: found none; it is the key that lots are drawn with")
        return 2
    text = sys.stdin.read() if asked.export == "-" else Path(asked.export).read_text("utf-8")
    checked = sampled = wrong = 0
    others = set()
    for decision, recorded in draws(text):
        if recorded["key_id"] != asked.key_id:
            others.add(recorded["key_id"])
            continue
        drawn = lot(key, decision) < Fraction(recorded["rate"]) * LOTS
        checked += 1
        sampled += drawn
        if drawn != recorded["sampled"]:
            wrong += 1
            print(f"{decision}: recorded {recorded['sampled']}, the key gives {drawn}")
    for name in sorted(others):
        print(f"drawn with another key, {name}: not checked")
    print(f"{checked} draws checked, {sampled} of them sampled, {wrong} not reproduced")
    if not checked:
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
