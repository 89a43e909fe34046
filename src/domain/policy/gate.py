"""The gate: what a version has to pass before it is put into force, in the order it is asked."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from domain.guardrail.canonical import canonical_json, canonical_value, digest
from domain.model import Forbidden, Value
from domain.values import Probability

Question = Literal[
    "types",
    "specification",
    "claims",
    "dead_rules",
    "coverage",
    "difference",
    "rehearsal",
]


class Check(Value):
    """One question, whether it was answered well, and the answer as a person may read it."""

    question: Question
    passed: bool
    text: str
    digest: str | None = None
    """Of the whole report behind the answer, where there is one."""


class Gate(Value):
    """Every question with its answer."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.passed)

    @property
    def digest(self) -> str:
        """What a signature binds. Rehearsals go on while people read, so they are left out."""
        bound = [check for check in self.checks if check.question != "rehearsal"]
        return digest(canonical_json(canonical_value(bound)))


class Floor(Value):
    """What the risk owner asks of specifications; below it nothing is put into force."""

    required: bool = True
    """Whether a version needs a specification at all."""
    covered: Probability = Decimal(1)
    """Of the limits and rules, the share that some example fires."""
    killed: Probability = Decimal(0)
    """Of the boundary mutants, the share that some example tells from the policy."""


class GateClosed(Forbidden):
    """A version is put into force only if it passes everything that is asked of it."""

    CODE = "REJ.policy_gate"

    def __init__(self, version: int, failed: Iterable[Check]) -> None:
        self.failed = tuple(failed)
        said = "; ".join(f"{check.question}: {check.text}" for check in self.failed)
        super().__init__(f"version {version}: {said}")


def require_passed(version: int, gate: Gate) -> None:
    """Refuse a version that did not pass."""
    if not gate.passed:
        raise GateClosed(version, gate.failed)
