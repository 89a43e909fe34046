"""Reliability: how far a model's confidence can be believed, and whether its work has changed."""

from datetime import timedelta
from typing import Self

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from pydantic import Field, model_validator

from adapters.http.bodies import Moment, Word
from adapters.http.figures import ALWAYS
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from application.calibrating import compare_models, reliability
from application.metrics.comparing import Comparison
from application.metrics.reliability import Reliability
from application.metrics.window import Window
from application.recalibrating import AdoptMap, FitMap, adopt_map, fit_map, maps_of
from domain.model import Value
from domain.recalibration import FittedMap, Recalibrations


class Models(Value):
    """Which models of a decision type are looked at, over what time, beside what time."""

    decision_type: Word
    model: Word | None = None
    """A model, as `name` or `name@version`; all of them if none is named."""
    segment: Word | None = None
    """A declared fact with few values, by which everything is told apart."""
    since: Moment = Field(default=ALWAYS, alias="from")
    until: Moment | None = Field(default=None, alias="to")
    reference_from: Moment | None = None
    reference_to: Moment | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("a window that ends after it starts: `from` before `to`")
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


class Rivals(Value):
    """Which two models are compared, over what time."""

    decision_type: Word
    champion: Word
    """As `name@version`."""
    challenger: Word
    since: Moment = Field(default=ALWAYS, alias="from")
    until: Moment | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("a window that ends after it starts: `from` before `to`")
        return self


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
        until = asked.until or max(now, asked.since) + timedelta(microseconds=1)
        return await reliability(
            asked.decision_type,
            Window(since=asked.since, until=until),
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
        until = asked.until or max(now, asked.since) + timedelta(microseconds=1)
        return await compare_models(
            asked.decision_type,
            asked.champion,
            asked.challenger,
            Window(since=asked.since, until=until),
            caller,
            desk,
            reader,
            now,
        )


class FitBody(FitMap):
    """Which model's confidence is to be mapped, how, and to the labels of what time."""

    since: Moment = Field(default=ALWAYS, alias="from")
    until: Moment | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("a window that ends after it starts: `from` before `to`")
        return self


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
        until = data.until or max(desk.clock.now(), data.since) + timedelta(microseconds=1)
        command = FitMap(model=data.model, method=data.method)
        window = Window(since=data.since, until=until)
        return MapsView.of(await fit_map(name, command, window, caller, desk, reader))

    @post("/adopt", status_code=200)
    async def adopt_map(
        self, name: FromPath[str], data: JSONBody[AdoptMap], desk: TheDesk, caller: TheCaller
    ) -> MapsView:
        """Adopt a map, if it helped on labels that it was not fitted on."""
        return MapsView.of(await adopt_map(name, data, caller, desk))
