"""Checking: whether a specification proves what a policy does, and whether the policy does it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from pydantic import Field

from application.specifying.mutants import (
    Mutant,
    Proof,
    Survivors,
    mutants,
    share_text,
    surviving,
)
from application.specifying.playing import (
    Asked,
    Ready,
    asked,
    parts_of,
    play,
    ready,
    remedy,
)
from application.specifying.reading import (
    MOST_CHARACTERS,
    MOST_EXAMPLES,
    Example,
    examples,
    problems,
)
from application.specifying.vocabulary import Unclear
from domain.decision_type.definition import DecisionTypeDefinition
from domain.guardrail.canonical import canonical_json, canonical_value, digest
from domain.guardrail.document import Guardrail
from domain.guardrail.evaluate import evaluate
from domain.guardrail.facts import Facts
from domain.model import Value
from domain.values import Probability

MOST_REMEDIES = 20
"""For so many failures it is sought what would have made them hold."""
MOST_FAILURES = 100
"""So many failures are told one by one; the rest are counted."""
NAME = "specification"


class Floor(Value):
    """What the risk owner asks of a specification, as shares; below it nothing is activated."""

    covered: Probability = Decimal(1)
    """Of the limits and rules, those that some example fires."""
    killed: Probability = Decimal(0)
    """Of the boundary mutants, those that some example tells from the policy."""


class SpecificationReport(Value):
    """What running a specification against a policy said."""

    policy: str
    """The digest of the policy."""
    specification: str
    """The digest of the text."""
    scenarios: int
    failures: tuple[str, ...]
    """What did not hold, can't be read or proves nothing."""
    uncovered: tuple[str, ...]
    """The limits and rules that no example fires."""
    parts: int
    """How many limits and rules there are."""
    mutants: int
    surviving: tuple[str, ...]
    """The mutants that no example tells from the policy."""
    untried: int
    """How many of these were not tried, because so much work may not be done."""
    floor: Floor
    passed: bool
    why: tuple[str, ...] = Field(default=())
    """Why it did not pass."""

    @property
    def digest(self) -> str:
        """What identifies this report: equal digests say the same of the same."""
        return digest(canonical_json(canonical_value(self)))


_NO_FLOOR = Floor()


def check_specification(
    definition: DecisionTypeDefinition,
    guardrail: Guardrail,
    text: str | Mapping[str, str],
    *,
    floor: Floor = _NO_FLOOR,
) -> SpecificationReport:
    """Run a specification, or several by name as one, against a policy. Never raises."""
    texts = {NAME: text} if isinstance(text, str) else dict(text)
    checking = _Checking(asked(definition, guardrail))
    for name, each in _of_bearable_size(texts, checking.failures):
        checking.run(name, each)
    checking.count_examples()
    return checking.report(texts, floor)


def _of_bearable_size(texts: Mapping[str, str], failures: list[str]) -> Iterable[tuple[str, str]]:
    size = sum(map(len, texts.values()))
    if size <= MOST_CHARACTERS or len(texts) == 1:
        return texts.items()
    failures.append(f"together they have {size:,} characters; allowed are {MOST_CHARACTERS:,}")
    return ()


class _Run(NamedTuple):
    """An example that was understood, and the facts it decided on."""

    steps: Sequence[Ready]
    facts: Facts
    holds: bool


class _Checking:
    """One check as it goes on."""

    def __init__(self, policy: Asked) -> None:
        self._policy = policy
        self._runs: list[_Run] = []
        self._unclear = 0
        self.scenarios = 0
        self.failures: list[str] = []

    def run(self, name: str, text: str) -> None:
        """Run every example of one text, unless it proves nothing."""
        if found := problems(text):
            self.failures += [f"{name}: {problem}" for problem in found]
            return
        for example in examples(text):
            self.scenarios += 1
            if self.scenarios > MOST_EXAMPLES:
                return
            self._example(name, example)

    def count_examples(self) -> None:
        if self.scenarios > MOST_EXAMPLES:
            self.failures.append(f"more than {MOST_EXAMPLES:,} examples; allowed are that many")

    def _example(self, name: str, example: Example) -> None:
        where = f"{name}: line {example.line}: {example.name}"
        try:
            steps = ready(example, self._policy)
            played = play(steps, self._policy)
        except Unclear as unclear:
            self.failures.append(f"{where}\n  {unclear}")
            return
        self._runs.append(_Run(steps, played.decided_on, played.failed is None))
        if played.failed is None:
            return
        step = played.failed.step
        said = f"{where}\n  line {step.line}: {step.kind.title()} {step.text}\n  {played.expected}"
        if len(self.failures) < MOST_REMEDIES // (1 + len(parts_of(self._policy.guardrail)) // 50):
            change = remedy(steps, played, self._policy)
            no = "no other value of a single fact would have made it hold"
            said += f"\n  it would hold, if only {change}" if change else f"\n  {no}"
        self.failures.append(said)

    def report(self, texts: Mapping[str, str], floor: Floor) -> SpecificationReport:
        guardrail = self._policy.guardrail
        every = tuple(mutants(guardrail))
        alive, untried = self._surviving(every)
        ids = [part.id for part in parts_of(guardrail)]
        fired = {id for facts in self._decided() for id in _fired(guardrail, facts)}
        uncovered = tuple(id for id in ids if id not in fired)
        told = tuple(self.failures[:MOST_FAILURES])
        why = tuple(
            _why(self.failures, self.scenarios, uncovered, len(ids), len(alive), len(every), floor)
        )
        return SpecificationReport(
            policy=guardrail.digest,
            specification=digest(canonical_json(dict(texts))),
            scenarios=self.scenarios,
            failures=told,
            uncovered=uncovered,
            parts=len(ids),
            mutants=len(every),
            surviving=tuple(mutant.text for mutant in alive),
            untried=untried,
            floor=floor,
            passed=not why,
            why=why,
        )

    def _decided(self) -> Iterator[Facts]:
        return (run.facts for run in self._runs if run.holds)

    def _surviving(self, every: Sequence[Mutant]) -> Survivors:
        proofs = [Proof(run.steps, run.facts) for run in self._runs if run.holds]
        return surviving(every, proofs, self._policy)


def _fired(guardrail: Guardrail, facts: Facts) -> Iterator[str]:
    return (c.id for c in evaluate(guardrail, facts).contributions if not c.unknown)


def _why(
    failures: Sequence[str],
    scenarios: int,
    uncovered: Sequence[str],
    parts: int,
    alive: int,
    tried: int,
    floor: Floor,
) -> Iterator[str]:
    if failures:
        yield f"{len(failures)} of its examples or texts did not hold"
    if not scenarios:
        yield "there is no example in it"
    covered = Decimal(parts - len(uncovered)) / parts if parts else Decimal(1)
    if covered < floor.covered:
        yield (
            f"no example fires {', '.join(uncovered[:12])}: {parts - len(uncovered)} of {parts} "
            f"limits and rules are covered, and the floor is {share_text(floor.covered)}"
        )
    killed = Decimal(tried - alive) / tried if tried else Decimal(1)
    if killed < floor.killed:
        yield (
            f"{tried - alive} of {tried} mutants are noticed, "
            f"and the floor is {share_text(floor.killed)}"
        )
