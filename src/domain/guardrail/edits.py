"""Edits: what an author did between two versions of a policy, one by one, in the author's words.

Each can be made by itself to the old version, so that what it alone does can be told. Boundaries
stand in conditions as constants: a condition that differs by nothing but constants that boundaries
had before and have now was changed by those boundaries, not by hand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from domain.guardrail.canonical import written_number
from domain.guardrail.conditions import (
    And,
    Compare,
    Condition,
    Constant,
    In,
    Not,
    Or,
    facts_of,
)
from domain.guardrail.document import Claim, Guardrail, Limit, Rule
from domain.guardrail.facts import FactType
from domain.guardrail.parts import time_text
from domain.guardrail.promised import promise_edits
from domain.guardrail.sampled import sampling_edits
from domain.guardrail.watched import breaker_edits
from domain.guardrail.wording import condition_text
from domain.values import Lane

Move = tuple[Decimal, Decimal]
"""A boundary's value before and after."""
Line = Limit | Rule
_FIELDS = ("then", "otherwise", "if_unknown", "queue", "sla", "four_eyes", "reason")


class Change(NamedTuple):
    """One edit: how it reads, the facts it is about, and the edit itself."""

    text: str
    facts: frozenset[str]
    apply: Callable[[Guardrail], Guardrail]


def changes(old: Guardrail, new: Guardrail) -> list[Change]:
    """Everything that was edited; made one after another, they turn the old version into the new.

    `old` has to declare every fact that `new` asks about.
    """
    moved = _moved(old, new)
    return [
        *_boundaries(old, new, moved),
        *_lines(old, new, frozenset(moved)),
        *_order(old, new),
        *_routes(old, new),
        *_facts(old, new),
        *(Change(text, frozenset(), apply) for text, apply in sampling_edits(old, new)),
        *(Change(text, frozenset(), apply) for text, apply in promise_edits(old, new)),
        *(Change(text, frozenset(), apply) for text, apply in breaker_edits(old, new)),
        *_claims(old, new),
    ]


def said(value: object) -> str:
    """A value of a field, as it is written."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return written_number(value)
        case timedelta():
            return time_text(value)
        case Compare() | In() | Not() | And() | Or():
            return condition_text(value)
        case tuple():
            return "[" + ", ".join(map(said, value)) + "]"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _:
            return str(value)


def lines_of(guardrail: Guardrail) -> dict[str, Line]:
    """Limits and rules by their names, in order."""
    lines: tuple[Line, ...] = (*guardrail.limits, *guardrail.rules)
    return {line.id: line for line in lines}


def condition_of(line: Line) -> Condition:
    return line.require if isinstance(line, Limit) else line.when


def _moved(old: Guardrail, new: Guardrail) -> dict[Move, list[str]]:
    found: dict[Move, list[str]] = {}
    for name, before in old.boundaries.items():
        after = new.boundaries.get(name)
        if after is not None and after.value != before.value:
            found.setdefault((before.value, after.value), []).append(name)
    return found


def _boundaries(
    old: Guardrail, new: Guardrail, moved: Mapping[Move, list[str]]
) -> Iterator[Change]:
    for move, names in moved.items():
        word = "boundary" if len(names) == 1 else "boundaries"
        text = f"{word} {', '.join(names)} {written_number(move[0])} → {written_number(move[1])}"
        touched = [
            (now, _shifted(condition_of(was), condition_of(now), frozenset((move,))))
            for was, now in _changed_lines(old, new, frozenset(moved))
        ]
        used = [now for now, (_, used) in touched if used]
        facts = frozenset[str]().union(*(used for _, (_, used) in touched))
        yield Change(text, facts, lambda g, m=move, u=used: _with_move(g, m, u))  # type: ignore[misc]
    gone = {n: b for n, b in old.boundaries.items() if n not in new.boundaries}
    come = {n: b for n, b in new.boundaries.items() if n not in old.boundaries}
    for name, boundary in gone.items():
        same = next((n for n, b in come.items() if b.value == boundary.value), None)
        if same is not None:
            del come[same]
        what = "removed" if same is None else f"renamed {same}"
        yield Change(
            f"boundary {name} {written_number(boundary.value)} {what}", frozenset(), _as_it_is
        )
    for name, boundary in come.items():
        yield Change(
            f"boundary {name} {written_number(boundary.value)} added", frozenset(), _as_it_is
        )


def _changed_lines(
    old: Guardrail, new: Guardrail, moves: frozenset[Move]
) -> Iterator[tuple[Line, Line]]:
    """The limits and rules whose conditions differ by moved boundaries alone."""
    before = lines_of(old)
    for id, now in lines_of(new).items():
        was = before.get(id)
        if type(was) is type(now) and was is not None and condition_of(was) != condition_of(now):
            shifted, _ = _shifted(condition_of(was), condition_of(now), moves)
            if shifted == condition_of(now):
                yield was, now


def _with_move(guardrail: Guardrail, move: Move, used: Iterable[Line]) -> Guardrail:
    for now in used:
        current = lines_of(guardrail)[now.id]
        shifted, _ = _shifted(condition_of(current), condition_of(now), frozenset((move,)))
        field = "require" if isinstance(now, Limit) else "when"
        guardrail = _with_line(guardrail, current.model_copy(update={field: shifted}))
    return guardrail


def _shifted(
    was: Condition, now: Condition, moves: frozenset[Move]
) -> tuple[Condition, frozenset[str]]:
    """The old condition with those constants that moved, and the facts compared with them."""
    none = frozenset[str]()
    match was, now:
        case Not(of=one), Not(of=other):
            inner, used = _shifted(one, other, moves)
            return Not(of=inner), used
        case (And(of=ones), And(of=others)) | (Or(of=ones), Or(of=others)) if len(ones) == len(
            others
        ):
            parts = [_shifted(a, b, moves) for a, b in zip(ones, others, strict=True)]
            used = none.union(*(used for _, used in parts))
            return was.model_copy(update={"of": tuple(part for part, _ in parts)}), used
        case Compare(), Compare() if (was.value, now.value) in moves:
            return was.model_copy(update={"value": now.value}), frozenset((was.fact,))
        case In(), In() if len(was.values) == len(now.values):
            values: list[Constant] = [
                b if (a, b) in moves else a for a, b in zip(was.values, now.values, strict=True)
            ]
            used = none if tuple(values) == was.values else frozenset((was.fact,))
            return was.model_copy(update={"values": tuple(values)}), used
        case _:
            return was, none


def _lines(old: Guardrail, new: Guardrail, moves: frozenset[Move]) -> Iterator[Change]:
    before, after = lines_of(old), lines_of(new)
    explained = {now.id for _, now in _changed_lines(old, new, moves)}
    gone = [was for id, was in before.items() if type(after.get(id)) is not type(was)]
    come = [now for id, now in after.items() if type(before.get(id)) is not type(now)]
    for was in gone:
        same = next((now for now in come if _renamed(was, now.id) == now), None)
        facts = facts_of(condition_of(was))
        if same is None:
            text = f"{_word(was)} {was.id} removed"
            yield Change(text, facts, lambda g, w=was: _without_line(g, w.id))  # type: ignore[misc]
        else:
            come.remove(same)
            text = f"{_word(was)} {was.id} renamed {same.id}"
            yield Change(text, facts, lambda g, w=was, s=same: _with_name(g, w, s))  # type: ignore[misc]
    for now in come:
        text = f"{_word(now)} {now.id} added"
        facts = facts_of(condition_of(now))
        yield Change(text, facts, lambda g, n=now: _with_new(g, n, new))  # type: ignore[misc]
    for id in (id for id in after if id in before):
        if type(before[id]) is type(after[id]):
            yield from _fields(before[id], after[id], explained=id in explained)


def _fields(was: Line, now: Line, *, explained: bool) -> Iterator[Change]:
    """Each field of a limit or rule that was changed."""
    condition = "require" if isinstance(now, Limit) else "when"
    names = (condition, *_FIELDS) if not explained else _FIELDS
    facts = facts_of(condition_of(was)) | facts_of(condition_of(now))
    for name in names:
        before, after = getattr(was, name, None), getattr(now, name, None)
        if before != after:
            text = f"{_word(now)} {now.id}: {name} {said(before)} → {said(after)}"
            yield Change(text, facts, lambda g, n=name, v=after: _with_field(g, now.id, n, v))  # type: ignore[misc]


def _order(old: Guardrail, new: Guardrail) -> Iterator[Change]:
    """Order breaks ties only; but a tie may decide a queue."""
    before, after = list(lines_of(old)), list(lines_of(new))
    kept = [id for id in before if id in after]
    if kept != [id for id in after if id in before]:
        text = "order of limits and rules"
        yield Change(text, frozenset(), partial(_in_order, order=tuple(after)))


def _routes(old: Guardrail, new: Guardrail) -> Iterator[Change]:
    for lane in (Lane.REVIEW, Lane.ESCALATE):
        was, now = old.routes.of(lane), new.routes.of(lane)
        for name in ("queue", "sla"):
            before, after = getattr(was, name), getattr(now, name)
            if before != after:
                text = f"route {lane}: {name} {said(before)} → {said(after)}"
                yield Change(
                    text,
                    frozenset(),
                    lambda g, at=lane, n=name, v=after: _with_route(g, at, n, v),  # type: ignore[misc]
                )


def _facts(old: Guardrail, new: Guardrail) -> Iterator[Change]:
    for name in sorted(set(old.facts) & set(new.facts)):
        was, now = old.facts[name], new.facts[name]
        if was != now:
            text = f"fact {name}: {'; '.join(_declared(was, now))}"
            yield Change(
                text,
                frozenset((name,)),
                lambda g, n=name, k=now: _with_fact(g, n, k),  # type: ignore[misc]
            )


def _declared(was: FactType, now: FactType) -> Iterator[str]:
    if was.type != now.type:
        yield f"{was.type} → {now.type}"
        return
    for name in type(now).model_fields:
        before, after = getattr(was, name), getattr(now, name)
        if before != after:
            yield f"{name} {said(before)} → {said(after)}"


def _claims(old: Guardrail, new: Guardrail) -> Iterator[Change]:
    before: dict[str, Claim] = {claim.id: claim for claim in old.claims}
    after: dict[str, Claim] = {claim.id: claim for claim in new.claims}
    for id in dict.fromkeys((*before, *after)):
        if before.get(id) != after.get(id):
            what = "added" if id not in before else "removed" if id not in after else "changed"
            yield Change(f"claim {id} {what}", frozenset(), _as_it_is)


def _as_it_is(guardrail: Guardrail) -> Guardrail:
    return guardrail


def _word(line: Line) -> str:
    return "limit" if isinstance(line, Limit) else "rule"


def _renamed(line: Line, id: str) -> Line:
    return line.model_copy(update={"id": id})


def _put(guardrail: Guardrail, lines: Iterable[Line]) -> Guardrail:
    lines = tuple(lines)
    limits = tuple(line for line in lines if isinstance(line, Limit))
    rules = tuple(line for line in lines if isinstance(line, Rule))
    return guardrail.model_copy(update={"limits": limits, "rules": rules})


def _with_line(guardrail: Guardrail, line: Line) -> Guardrail:
    return _put(guardrail, (lines_of(guardrail) | {line.id: line}).values())


def _with_field(guardrail: Guardrail, id: str, name: str, value: object) -> Guardrail:
    return _with_line(guardrail, lines_of(guardrail)[id].model_copy(update={name: value}))


def _without_line(guardrail: Guardrail, id: str) -> Guardrail:
    return _put(guardrail, (line for line in lines_of(guardrail).values() if line.id != id))


def _with_name(guardrail: Guardrail, was: Line, now: Line) -> Guardrail:
    lines = lines_of(guardrail).values()
    return _put(guardrail, (now if line.id == was.id else line for line in lines))


def _with_new(guardrail: Guardrail, line: Line, new: Guardrail) -> Guardrail:
    """The new line behind those that it comes after in the new version."""
    order = list(lines_of(new))
    before = set(order[: order.index(line.id)])
    lines = list(lines_of(guardrail).values())
    at = max((n + 1 for n, other in enumerate(lines) if other.id in before), default=0)
    return _put(guardrail, [*lines[:at], line, *lines[at:]])


def _in_order(guardrail: Guardrail, order: tuple[str, ...]) -> Guardrail:
    place = {id: at for at, id in enumerate(order)}
    lines = lines_of(guardrail).values()
    return _put(guardrail, sorted(lines, key=lambda line: place.get(line.id, len(place))))


def _with_route(guardrail: Guardrail, lane: Lane, name: str, value: object) -> Guardrail:
    route = guardrail.routes.of(lane).model_copy(update={name: value})
    routes = guardrail.routes.model_copy(update={lane.value: route})
    return guardrail.model_copy(update={"routes": routes})


def _with_fact(guardrail: Guardrail, name: str, kind: FactType) -> Guardrail:
    return guardrail.model_copy(update={"facts": guardrail.facts | {name: kind}})
