"""The house: arrows point inward, names are ours, and every event and refusal says what it is."""

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import TypeVar

import pytest

import application
import domain
from domain.model import Event, Refusal
from domain.registry import EVENTS

T = TypeVar("T")

ROOT = Path(__file__).parent.parent
PACKAGES = ("domain", "application", "adapters")
FAMILIES = ("ROUTE", "EXC", "OVR", "ESC", "REV", "REJ", "APR", "HALT")
SHARED = {"REJ.seat", "REJ.decision_type_state"}
"""One rule that several conversations ask about, each with its own sentence."""


def modules(*packages: ModuleType) -> list[ModuleType]:
    """Every module of these packages, so that every class in them is known."""
    names = [
        found.name
        for package in packages
        for found in walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return [import_module(name) for name in names]


def subclasses(base: type[T]) -> set[type[T]]:
    found = set(base.__subclasses__())
    return found.union(*(subclasses(one) for one in found)) if found else found


modules(domain, application)
REFUSALS = sorted(subclasses(Refusal), key=lambda one: f"{one.__module__}.{one.__qualname__}")
every_event = pytest.mark.parametrize("event_class", EVENTS, ids=lambda one: one.TOPIC)
every_refusal = pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.__qualname__)


def test_arrows_point_inward() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    command = str(lint) if lint.exists() else shutil.which("lint-imports")
    assert command, "import-linter is a development dependency"
    run = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_nobody_else_provides_our_packages(package: str) -> None:
    assert set(packages_distributions().get(package, ["remit"])) == {"remit"}
    path = Path(import_module(package).__path__[0])
    assert path == ROOT / "src" / package


@pytest.mark.parametrize("package", ["domain", "application"])
def test_every_module_says_what_lives_in_it(package: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "src" / package).rglob("*.py"))
        if (text := path.read_text(encoding="utf-8")).strip() and not text.startswith('"""')
    ]
    assert not silent


# ── events

STREAMS = (
    "decision",
    "decision_type",
    "policy",
    "conflict",
    "data_subject",
    "volume",
    "recalibration",
    "feedback",
    "kill_switch",
)
"""What a topic begins with: whose stream it stands in."""


@every_event
def test_every_event_has_a_topic_for_ever(event_class: type[Event]) -> None:
    assert re.fullmatch(rf"({'|'.join(STREAMS)})\.[a-z_]+", event_class.TOPIC)
    assert event_class.SCHEMA >= 1


def test_no_two_events_share_a_topic() -> None:
    assert len({event_class.TOPIC for event_class in EVENTS}) == len(EVENTS)


@every_event
def test_every_event_is_one_business_sentence(event_class: type[Event]) -> None:
    sentence = (event_class.__dict__.get("__doc__") or "").strip()
    assert sentence.endswith("."), event_class
    assert "\n\n" not in sentence


def test_every_event_there_is_can_be_stored() -> None:
    concrete = {one for one in subclasses(Event) if "TOPIC" in one.__dict__}
    assert {one for one in concrete if one.__module__.startswith("domain.")} == set(EVENTS)


# ── refusals


@every_refusal
def test_every_refusal_is_of_a_closed_family(refusal: type[Refusal]) -> None:
    family, _, name = refusal.CODE.partition(".")
    assert family in FAMILIES
    assert re.fullmatch(r"[a-z_]+|[A-Z_]+", name), refusal.CODE


@every_refusal
def test_every_refusal_states_its_rule(refusal: type[Refusal]) -> None:
    rule = (refusal.__dict__.get("__doc__") or "").strip()
    assert rule.splitlines()[0].endswith("."), refusal


def test_each_rule_has_a_code_of_its_own() -> None:
    by_code: defaultdict[str, set[str]] = defaultdict(set)
    for refusal in REFUSALS:
        if "CODE" in refusal.__dict__:
            by_code[refusal.CODE].add(refusal.__qualname__)
    shared = {code: sorted(names) for code, names in by_code.items() if len(names) > 1}
    assert set(shared) <= SHARED, shared
