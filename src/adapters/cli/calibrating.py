"""For AI product owners: whether confidence can be believed, and what would mend it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from adapters.cli.common import FORMATS, database, escaped, out, print_json, settings, utc
from adapters.cli.measuring import AsJson, ShowsFirst
from adapters.trouble import Trouble

if TYPE_CHECKING:
    from application.desk import Caller, Desk
    from application.metrics.calibration import Calibration
    from application.metrics.comparing import Comparison, Difference
    from application.metrics.drift import Drift
    from application.metrics.reliability import Reliability
    from application.metrics.window import Window
    from application.reading import Reader
    from domain.model import Seat
    from domain.recalibration import Recalibrations

T = TypeVar("T")
FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)

Type = Annotated[str, typer.Argument(help="The decision type.")]
Model = Annotated[str, typer.Argument(help="The model, as name@version.")]
Since = Annotated[
    datetime | None,
    typer.Option("--from", formats=FORMATS, help="Start, inclusive (UTC unless it says)."),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", "--to", formats=FORMATS, help="End, exclusive (UTC unless it says)."),
]
By = Annotated[str, typer.Option(help="Who acts, for the record.", envvar="USER")]

app = typer.Typer(
    cls=ShowsFirst,
    help="Whether a model is as often right as it says: `remit calibration TYPE` shows it.",
)


@app.command()
def show(
    decision_type: Type,
    model: Annotated[str | None, typer.Option(help="One model: name or name@version.")] = None,
    segment: Annotated[str | None, typer.Option(help="A declared fact to tell apart by.")] = None,
    since: Since = None,
    until: Until = None,
    reference_from: Annotated[
        datetime | None, typer.Option(formats=FORMATS, help="Start of what drift is against.")
    ] = None,
    reference_to: Annotated[
        datetime | None, typer.Option(formats=FORMATS, help="End of what drift is against.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show reliability, Brier and ECE by model version and segment, and drift."""
    from application.calibrating import reliability

    window, reference = _window(since, until), None
    if (reference_from is None) is not (reference_to is None):
        raise Trouble("--reference-from and --reference-to: give both, or neither")
    if reference_from is not None:
        reference = _window(reference_from, reference_to, "--reference-to")
    found = _asked(
        lambda caller, desk, reader: reliability(
            decision_type,
            window,
            caller,
            desk,
            reader,
            model=model,
            segment=segment,
            reference=reference,
        )
    )
    if as_json:
        print_json(found.model_dump_json(indent=2))
    else:
        _tell(found)


@app.command()
def fit(
    decision_type: Type,
    model: Model,
    method: Annotated[str, typer.Option(help="isotonic or logistic.")] = "isotonic",
    since: Since = None,
    until: Until = None,
    by: By = "operator",
    as_json: AsJson = False,
) -> None:
    """Fit a map to what proved right, and try it on labels held out."""
    from application.recalibrating import FitMap, fit_map
    from domain.model import Seat

    if method not in ("isotonic", "logistic"):
        raise Trouble(f"--method: found {method}, allowed are isotonic and logistic")
    command = FitMap.model_validate({"model": model, "method": method})
    window = _window(since, until)
    seat = Seat.AI_PRODUCT_OWNER
    found = _asked(
        lambda caller, desk, reader: fit_map(decision_type, command, window, caller, desk, reader),
        by,
        seat,
    )
    _tell_maps(found, as_json=as_json)


@app.command()
def adopt(
    decision_type: Type,
    model: Model,
    version: Annotated[int, typer.Argument(min=1, help="The map's version.")],
    by: By = "operator",
    as_json: AsJson = False,
) -> None:
    """Adopt a map, if it helped on labels that it was not fitted on."""
    from application.recalibrating import AdoptMap, adopt_map
    from domain.model import Seat

    command = AdoptMap(model=model, version=version)
    found = _asked(
        lambda caller, desk, _: adopt_map(decision_type, command, caller, desk),
        by,
        Seat.AI_PRODUCT_OWNER,
    )
    _tell_maps(found, as_json=as_json)


def compare_models(
    decision_type: Type,
    champion: Model,
    challenger: Model,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Compare two models on the same subjects, by the same labels."""
    from application.calibrating import compare_models as compare

    window = _window(since, until)
    found = _asked(
        lambda caller, desk, reader: compare(
            decision_type, champion, challenger, window, caller, desk, reader
        )
    )
    if as_json:
        print_json(found.model_dump_json(indent=2))
    else:
        _tell_comparison(found)


def _asked(
    ask: "Callable[[Caller, Desk, Reader], Awaitable[T]]",
    by: str = "remit calibration",
    seat: "Seat | None" = None,
) -> T:
    """Ask with the projections brought up to the log."""
    import asyncio

    from adapters.assembly import postgres_desk
    from adapters.postgres.reading import PostgresReader
    from adapters.worker import catch_up
    from application.desk import Caller
    from application.ports import Identity

    given = settings()
    caller = Caller(Identity(by, "human", {"*": frozenset({seat or "auditor"})}))

    async def run(url: str) -> T:
        async with postgres_desk(url, given) as desk, PostgresReader(url) as reader:
            return await ask(caller, desk, reader)

    with database(given) as url:
        catch_up(url)
        return asyncio.run(run(url))


def _window(since: datetime | None, until: datetime | None, option: str = "--until") -> "Window":
    from application.metrics.window import Window

    start = utc(since) or FIRST_DAY
    end = utc(until) or max(start, datetime.now(UTC)) + timedelta(minutes=1)
    if end < start:
        raise Trouble(f"{option}: found {end:%Y-%m-%d %H:%M}, needs what is not before --from")
    return Window(since=start, until=end)


def _tell(found: "Reliability") -> None:
    from rich.table import Column, Table

    figures = ("n", "brier", "weighted", "ece", "weighted", "by chance", "psi", "p")
    table = Table(Column("model", no_wrap=True), *figures)
    for model in found.models:
        table.add_row(escaped(model.model), *_scores(model.calibration), *_drift(model.drift))
        for part in model.segments:
            name = f"  {found.segment}: {part.segment}"
            table.add_row(escaped(name), *_scores(part.calibration), *_drift(part.drift))
    out.print(table)
    for model in found.models:
        if model.calibration.bins:
            out.print(_diagram(model.model, model.calibration))
    if not found.models:
        out.print("no model has recommended anything in this window")


def _scores(found: "Calibration") -> tuple[str, ...]:
    figures = (
        found.raw.brier,
        found.weighted.brier,
        found.raw.ece,
        found.weighted.ece,
        found.ece_if_calibrated,
    )
    return f"{found.n:,}", *(_number(figure) for figure in figures)


def _drift(found: "Drift | None") -> tuple[str, str]:
    """The shift of confidences, and how likely so large a one is without drift."""
    if found is None:
        return "–", "–"
    return _number(found.confidence.value), _number(found.confidence.p_value)


def _diagram(model: str, found: "Calibration") -> object:
    from rich.table import Table

    table = Table("says", "is right", "95 % interval", "n", title=escaped(model))
    for one in found.bins:
        interval = f"{one.accuracy_low:.1%} to {one.accuracy_high:.1%}"
        table.add_row(f"{one.mean_confidence:.1%}", f"{one.accuracy:.1%}", interval, f"{one.n:,}")
    return table


def _tell_maps(found: "Recalibrations", *, as_json: bool) -> None:
    if as_json:
        print_json(found.model_dump_json(indent=2))
        return
    for version, one in sorted(found.maps.items()):
        seen = one.evidence
        helps = "helps" if seen.helps else "is not seen to help"
        adopted = ", [bold]adopted[/]" if version == found.adopted else ""
        out.print(
            f"map {version} of {escaped(found.model)}: {one.map.method}, fitted on "
            f"{seen.fitted_on:,} labels; on {seen.held_out:,} held out Brier "
            f"{_number(seen.brier_before)} → {_number(seen.brier_after)}, {helps}{adopted}",
            highlight=False,
        )
    out.print("routing goes on by the confidence that the model states", style="dim")


def _tell_comparison(found: "Comparison") -> None:
    out.print(
        f"{found.subjects:,} subjects on which both spoke, the same on {found.same_action:,}; "
        f"{found.compared:,} of them labelled",
        highlight=False,
    )
    for name, share in (
        (found.champion, found.champion_right),
        (found.challenger, found.challenger_right),
    ):
        counts = f"{share.numerator:,}/{share.denominator:,}"
        out.print(f"  {escaped(name)} right: {_number(share.value)} ({counts})", highlight=False)
    for said, difference in (
        ("challenger better by", found.accuracy_difference),
        ("weighted", found.accuracy_difference_weighted),
        ("Brier lower by", found.brier_improvement),
    ):
        out.print(f"  {said} {_between(difference)}", highlight=False, markup=False)
    out.print(f"  p {_number(found.p_value)} (McNemar, exact)", highlight=False)


def _between(found: "Difference") -> str:
    if found.low is None or found.high is None:
        return _number(found.value)
    return f"{_number(found.value)} [{found.low:.6f}, {found.high:.6f}], n {found.n:,}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
