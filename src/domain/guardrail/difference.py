"""The difference between two versions of a policy: what each edit does, and what all do together.

Each edit is made by itself to the old version, and what it changes is found over every case there
can be. Edits can mask or need one another; so the total compares the versions themselves, and an
edit that does nothing by itself is also looked at as the last of all. Cases are those that come in
once the new version is in force: where a fact is declared differently, the new declaration counts.
"""

from typing import Literal

from domain.guardrail.canonical import canonical_json, canonical_value, digest
from domain.guardrail.comparing import Bucket, Comparison, Effect
from domain.guardrail.document import Guardrail
from domain.guardrail.edits import Change, changes
from domain.guardrail.evaluate import evaluate
from domain.guardrail.parts import View
from domain.guardrail.promised import promises_less
from domain.guardrail.proving import plain
from domain.guardrail.sampled import less_checked, more_checked
from domain.guardrail.searching import DEFAULT_BUDGET, Effort
from domain.guardrail.space import Space
from domain.guardrail.watched import less_watched, more_watched
from domain.guardrail.whereabouts import region_texts
from domain.model import Seat, Value
from domain.values import Lane

LATER = "a circuit breaker trips later"
SEVERITY: tuple[Bucket, ...] = ("relaxed", "tighter", "rerouted", "unchanged")

Made = Literal["alone", "together"]


class Edit(Value):
    """One edit, and what it does: made alone, or, if that is nothing, as the last of all."""

    text: str
    bucket: Bucket
    made: Made = "alone"
    effects: tuple[Effect, ...] = ()
    note: str | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it does, each effect in a line: what, from where to where, in which cases."""
        if not self.effects:
            return (f"{self.text}: {self.note or self.bucket.upper()}",)
        return tuple(f"{self.text}: {effect.text}" for effect in self.effects)


class Difference(Value):
    """What changes if one version follows another, and who has to approve it."""

    old: str | None
    new: str
    edits: tuple[Edit, ...]
    total: tuple[Effect, ...]
    """What changes all in all, whatever edits did it: nothing else does."""
    weakened: tuple[str, ...]
    """Controls other than lanes that become fewer: checks afterwards, second pairs of eyes."""
    relaxes: bool
    """Whether any case is treated with less care, or looked at less."""
    approver: Seat | None
    """Who has to approve; nobody, if the versions mean the same."""
    digest: str

    def of(self, bucket: Bucket) -> tuple[Effect, ...]:
        """What changes in one way."""
        return tuple(effect for effect in self.total if effect.bucket == bucket)


def compare(old: Guardrail | None, new: Guardrail, budget: int = DEFAULT_BUDGET) -> Difference:
    """What changes for which cases if `new` follows `old`; without `old`, it is the first."""
    effort = Effort(budget)
    if old is None:
        return _sealed(None, new, (_first(new, effort),), (), ())
    space = Space([old, new])
    base = old.model_copy(update={"facts": new.facts | old.facts})
    steps = changes(base, new)
    edits = tuple(_edit(base, steps, at, space, effort) for at in range(len(steps)))
    if old.digest == new.digest:
        return _sealed(old, new, edits, (), ())
    facts = frozenset[str]().union(*(step.facts for step in steps))
    total = Comparison(old, new, space, effort).effects(facts)
    return _sealed(old, new, edits, total, _weakened(old, new, total))


def _edit(base: Guardrail, steps: list[Change], at: int, space: Space, effort: Effort) -> Edit:
    """What one edit does to the old version; if that is nothing, what it does to the others."""
    step = steps[at]
    alone = step.apply(base)
    if alone.digest == base.digest:
        return Edit(text=step.text, bucket="unchanged")
    checked = _checked(base, alone)
    if checked is not None:
        return checked.model_copy(update={"text": step.text})
    effects = Comparison(base, alone, space, effort).effects(step.facts)
    if effects or len(steps) == 1:
        return Edit(text=step.text, bucket=_worst(effects), effects=effects)
    # Making all the others takes as long as looking at so many tests, and some have hundreds.
    effort.spend(len(steps) * (len(base.rules) + len(base.limits)) // 2)
    without = base
    for other in (*steps[:at], *steps[at + 1 :]):
        without = other.apply(without)
    effects = Comparison(without, step.apply(without), space, effort).effects(step.facts)
    made: Made = "together" if effects else "alone"
    return Edit(text=step.text, bucket=_worst(effects), effects=effects, made=made)


def _checked(old: Guardrail, new: Guardrail) -> Edit | None:
    """An edit that moves no case: of what is checked, of what labels show, of breakers."""
    if old.breakers != new.breakers:
        return _watched(old, new)
    if old.thresholds != new.thresholds:
        if promises_less(old, new):
            return Edit(text="", bucket="relaxed", note="RELAXED a threshold is certified on less")
        return Edit(text="", bucket="tighter", note="TIGHTER a threshold is certified on more")
    if old.sampling == new.sampling:
        return None
    if less_checked(old, new):
        return Edit(text="", bucket="relaxed", note="RELAXED fewer cases are checked afterwards")
    if more_checked(old, new):
        return Edit(text="", bucket="tighter", note="TIGHTER more cases are checked afterwards")
    return Edit(text="", bucket="rerouted", note="REROUTED the same share is checked elsewhere")


def _watched(old: Guardrail, new: Guardrail) -> Edit:
    if less_watched(old, new):
        return Edit(text="", bucket="relaxed", note=f"RELAXED {LATER}")
    if more_watched(old, new):
        return Edit(text="", bucket="tighter", note="TIGHTER a circuit breaker trips sooner")
    return Edit(text="", bucket="unchanged", note="UNCHANGED it holds where none is stated")


def _worst(effects: tuple[Effect, ...]) -> Bucket:
    found = {effect.bucket for effect in effects}
    for bucket in SEVERITY:
        if bucket in found:
            return bucket
    return "unchanged"


def _weakened(old: Guardrail, new: Guardrail, total: tuple[Effect, ...]) -> tuple[str, ...]:
    found: list[str] = []
    if less_checked(old, new):
        found.append("fewer cases are checked afterwards")
    if promises_less(old, new):
        found.append("a threshold is certified on less evidence")
    if less_watched(old, new):
        found.append(LATER)
    if any(effect.four_eyes_lost for effect in total):
        found.append("two people no longer have to agree where they had to")
    return tuple(found)


def _first(new: Guardrail, effort: Effort) -> Edit:
    """A first version: before it, nothing was automated."""
    space = Space([new])
    view = View.of(new, space)
    box = space.search(space.everything, view.at_most(0), effort)
    text = f"first version of {new.policy}"
    if box is None:
        return Edit(text=text, bucket="unchanged", note="nothing is automated, before and after")
    case = space.case(box)
    assert evaluate(new, case).lane is Lane.AUTOMATE, "a witness goes where the search says"
    told = tuple(where for _, where in region_texts(space, box))
    effect = Effect(
        bucket="relaxed",
        lane_before=Lane.REVIEW,
        lane_after=Lane.AUTOMATE,
        before="review",
        after="automate",
        regions=told,
        given=(),
        witness=plain(case),
    )
    return Edit(text=text, bucket="relaxed", effects=(effect,))


def _sealed(
    old: Guardrail | None,
    new: Guardrail,
    edits: tuple[Edit, ...],
    total: tuple[Effect, ...],
    weakened: tuple[str, ...],
) -> Difference:
    relaxes = old is None or bool(weakened) or any(e.bucket == "relaxed" for e in total)
    approver: Seat | None = Seat.RISK_OWNER if relaxes else Seat.AI_PRODUCT_OWNER
    if old is not None and old.digest == new.digest:
        approver = None
    found = Difference(
        old=old.digest if old else None,
        new=new.digest,
        edits=edits,
        total=total,
        weakened=weakened,
        relaxes=relaxes,
        approver=approver,
        digest="",
    )
    content = {name: value for name, value in found if name != "digest"}
    return found.model_copy(update={"digest": digest(canonical_json(canonical_value(content)))})
