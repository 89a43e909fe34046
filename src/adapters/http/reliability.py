"""Reliability: how far a model's confidence can be believed, and whether its work has changed."""

from typing import Self

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from pydantic import model_validator

from adapters.http.bodies import Moment, Word
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from adapters.http.spans import Span
from application.calibrating import compare_models, reliability
from application.metrics.comparing import Comparison
from application.metrics.reliability import Reliability
from application.metrics.window import Window
from application.recalibrating import AdoptMap, FitMap, adopt_map, fit_map, maps_of
from domain.model import Value
from domain.recalibration import FittedMap, Recalibrations


class Models(Span):
    """Which models of a decision type are looked at, over what time, beside what time."""

    decision_type: Word
    model: Word | None = None
    """A model, as `name` or `name@version`; all of them if none is named."""
    segment: Word | None = None
    """A declared fact with few values, by which everything is told apart."""
    reference_from: Moment | None = None
    reference_to: Moment | None = None

    @model_validator(mode="after")
    def _refers_to_a_whole(self) -> Self:
        start, end = self.reference_from, self.reference_to
        if (start is None) is not (end is None):
            raise ValueError("a whole reference: `reference_from` and `reference_to`")
        if start is not None and end is not None and end < start:
            raise ValueError("a reference that ends after it starts")
        return self

    def reference(self) -> Window | None:
        """The window that is compared with, if one is asked for."""
        if self.reference_from is None or self.reference_to is None:
            return None
        return Window(since=self.reference_from, until=self.reference_to)


class Rivals(Span):
    """Which two models are compared, over what time."""

    decision_type: Word
    champion: Word
    """As `name@version`."""
    challenger: Word


class Calibrations(Controller):
    """What the models' confidence is worth."""

    path = "/v1/metrics"
    tags = ("Feedback",)

    @get("/calibration")
    async def calibration(
        self, asked: Asked[Models], desk: TheDesk, reader: TheReader, caller: TheCaller
    ) -> Reliability:
        """Reliability, Brier and ECE by model version and segment, and drift beside a reference."""
        now = desk.clock.now()
        return await reliability(
            asked.decision_type,
            asked.window(now),
            caller,
            desk,
            reader,
            model=asked.model,
            segment=asked.segment,
            reference=asked.reference(),
            as_of=now,
        )

    @get("/models")
    async def models(
        self, asked: Asked[Rivals], desk: TheDesk, reader: TheReader, caller: TheCaller
    ) -> Comparison:
        """Champion and challenger side by side on the same subjects, with paired intervals."""
        now = desk.clock.now()
        return await compare_models(
            asked.decision_type,
            asked.champion,
            asked.challenger,
            asked.window(now),
            caller,
            desk,
            reader,
            now,
        )


class FitBody(Span, FitMap):
    """Which model's confidence is to be mapped, how, and to the labels of what time."""


class OfModel(Value):
    """A model version of a decision type."""

    model: Word
    """As `name@version`."""


class MapsView(Value):
    """The maps of a model version's confidence. Routing does not ask them."""

    decision_type: str
    model: str
    adopted: int | None
    maps: tuple[FittedMap, ...]

    @classmethod
    def of(cls, state: Recalibrations) -> "MapsView":
        """The view of a model's maps, the newest last."""
        return cls(
            decision_type=state.decision_type,
            model=state.model,
            adopted=state.adopted,
            maps=tuple(state.maps[version] for version in sorted(state.maps)),
        )


class Recalibrating(Controller):
    """Maps from what a model states to what proved true."""

    path = "/v1/decision-types/{name:str}/recalibrations"
    tags = ("Feedback",)

    @get()
    async def maps(
        self, name: FromPath[str], asked: Asked[OfModel], desk: TheDesk, caller: TheCaller
    ) -> MapsView:
        """Every map that was fitted for a model version, and the one that is adopted."""
        return MapsView.of(await maps_of(name, asked.model, caller, desk))

    @post(status_code=200)
    async def fit_map(
        self,
        name: FromPath[str],
        data: JSONBody[FitBody],
        desk: TheDesk,
        reader: TheReader,
        caller: TheCaller,
    ) -> MapsView:
        """Fit a map to what proved right, and try it on labels held out."""
        command = FitMap(model=data.model, method=data.method)
        window = data.window(desk.clock.now())
        return MapsView.of(await fit_map(name, command, window, caller, desk, reader))

    @post("/adopt", status_code=200)
    async def adopt_map(
        self, name: FromPath[str], data: JSONBody[AdoptMap], desk: TheDesk, caller: TheCaller
    ) -> MapsView:
        """Adopt a map, if it helped on labels that it was not fitted on."""
        return MapsView.of(await adopt_map(name, data, caller, desk))
