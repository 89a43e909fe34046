"""The ladder of autonomy: what has to speak for going further up, and what speaks against it."""

from decimal import Decimal

from domain.model import Forbidden, Value

LEAST_LABELS = 100
"""Of each model: fewer say too little, however right they are."""
LEAST_IN_TIME = Decimal("0.95")
"""The share of the last 30 days' reviews and escalations that was answered in time."""


class NotEarned(Forbidden):
    """Going further takes evidence: labels that certify the model, and service levels held."""

    CODE = "REJ.not_earned"


class OfModel(Value):
    """What the labels of one version of a model say at the threshold in force."""

    name: str
    version: str
    labels: int
    wrong: int
    certified: bool
    missing: int | None
    """About how many labels more would do, if all were right; absent where no number would."""


class Grounds(Value):
    """What speaks for automating more, as it was when an owner asked."""

    policy_version: int | None
    threshold: Decimal
    """The confidence that the policy in force asks for; 0 if it asks none."""
    limit: Decimal
    delta: Decimal
    models: tuple[OfModel, ...]
    due: int
    """Reviews and escalations that were due in the last 30 days."""
    missed: int

    def objections(self) -> tuple[str, ...]:
        """What speaks against it, with the number that is missing; none if it is earned."""
        found = [said for model in self.models if (said := _lacking(model)) is not None]
        if not self.models:
            found.append(f"no model has recommended anything; {LEAST_LABELS} labels are missing")
        if self.missed > (1 - LEAST_IN_TIME) * self.due:
            found.append(f"{self.missed} of {self.due} were not answered in time")
        return tuple(found)


def _lacking(model: OfModel) -> str | None:
    short = LEAST_LABELS - model.labels
    if model.certified and short <= 0:
        return None
    so_far = f"{model.name} {model.version}: {model.wrong} wrong of {model.labels} labels"
    if not model.certified and model.missing is None:
        return f"{so_far}, and no number of right ones would do"
    missing = max(short, 0 if model.certified else model.missing or 0)
    return f"{so_far}; about {missing} more are missing, if all of them are right"
