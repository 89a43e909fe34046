"""The demo's cast: a producer for each decision type, its owners, and people who review."""

from dataclasses import dataclass

from adapters.identity.api_keys import KeyRecord, issue
from domain.decision_type.definition import DecisionTypeDefinition
from domain.model import Seat

REVIEWERS = ("rita.lang", "tomas.berg")
QUALITY_REVIEWER = "quinn.sato"
AUDITOR = "audrey.klein"


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody's key, by who they are."""

    keys: dict[str, str]
    records: tuple[KeyRecord, ...]
    escalation_owners: dict[str, str]

    def header(self, person: str) -> dict[str, str]:
        """What a person's requests carry."""
        return {"Authorization": f"Bearer {self.keys[person]}"}

    def producer(self, decision_type: str) -> str:
        return producer_of(decision_type)


def producer_of(decision_type: str) -> str:
    """The service that recommends for a decision type."""
    return f"{decision_type.replace('_', '-')}-model"


def cast_for(definitions: list[DecisionTypeDefinition]) -> Cast:
    """Issue a key to everyone the decision types need."""
    seats = _seats(definitions)
    services = {producer_of(definition.name) for definition in definitions}
    issued = {
        id: issue(f"demo-{number}", id, "service" if id in services else "human", held)
        for number, (id, held) in enumerate(seats.items())
    }
    return Cast(
        keys={id: key for id, (key, _) in issued.items()},
        records=tuple(record for _, record in issued.values()),
        escalation_owners={d.name: d.owners[Seat.ESCALATION_OWNER] for d in definitions},
    )


def _seats(
    definitions: list[DecisionTypeDefinition],
) -> dict[str, dict[str, frozenset[Seat]]]:
    everywhere = {
        **{person: {"*": frozenset({Seat.REVIEWER})} for person in REVIEWERS},
        QUALITY_REVIEWER: {"*": frozenset({Seat.QUALITY_REVIEWER})},
        AUDITOR: {"*": frozenset({Seat.AUDITOR})},
    }
    by_type: dict[str, dict[str, frozenset[Seat]]] = {}
    for definition in definitions:
        by_type[producer_of(definition.name)] = {definition.name: frozenset({Seat.PRODUCER})}
        standing = {**definition.owners, Seat.FALLBACK_OWNER: definition.fallback_owner}
        for seat, person in standing.items():
            held = by_type.setdefault(person, {})
            held[definition.name] = held.get(definition.name, frozenset()) | {seat}
    return {**by_type, **everywhere}
