"""For operators: run the service, keep its projections, see it work on real data."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.common import connect, database, err, escaped, out, settings
from adapters.trouble import Trouble

FOUND_WANTING = 1
MOST_SHOWN = 20


def migrate(
    roles: Annotated[
        bool,
        typer.Option("--roles", help="Also make the roles remit_writer and remit_reader."),
    ] = False,
) -> None:
    """Bring the database's schema up to this version. Safe to repeat, and to run twice at once."""
    from adapters.postgres.migrations import grant_roles
    from adapters.postgres.migrations import migrate as migrate_database

    given = settings()
    if given.database_url is None:
        with database(given) as url:
            if roles:
                grant_roles(url)
            out.print("the embedded database is up to date")
        return
    connect(given.database_url)
    done = migrate_database(given.database_url)
    if roles:
        grant_roles(given.database_url)
    out.print("\n".join(f"applied {name}" for name in done) or "nothing to do")


def serve(
    work: Annotated[
        bool, typer.Option(help="Also follow the log, in a process beside, so that this is all.")
    ] = True,
    dev: Annotated[
        bool,
        typer.Option("--dev", help="Let anyone on this machine be anybody: an issuer at /dev."),
    ] = False,
) -> None:
    """Answer HTTP requests until told to stop (SIGTERM, or Ctrl-C)."""
    from adapters.assembly import notices
    from adapters.logs import configure
    from adapters.publication import publication
    from adapters.serving import serve as serve_http
    from adapters.serving import ways_in
    from adapters.webhooks.endpoints import read_endpoints

    given = settings()
    ways_in(given, dev=dev)  # refuse before anything is started
    read_endpoints(given.endpoints)
    notices(given)
    configure(given)
    publication(given)
    with database(given) as url:
        serve_http(url, given, work=work, dev=dev)


def work(
    while_open: Annotated[
        bool, typer.Option("--while-open", help="Stop as well when standard input closes.")
    ] = False,
) -> None:
    """Follow the log, keep time, deliver actions, tell of events and publish checkpoints.

    Until told to stop; any number may run.
    """
    from adapters.assembly import clock_of, notices, vault
    from adapters.jobs.running import Outside
    from adapters.logs import configure
    from adapters.publication import publication
    from adapters.webhooks.endpoints import read_endpoints
    from adapters.worker import work as follow_log

    given = settings()
    outside = Outside(
        read_endpoints(given.endpoints), vault(given), notices(given), publication(given)
    )
    configure(given)
    with database(given) as url:
        follow_log(url, outside=outside, clock=clock_of(given), while_open=while_open)


def rebuild(
    name: Annotated[str, typer.Argument(help="The projection; `all` for every one.")],
) -> None:
    """Fold a projection again from the first event, beside the live one, while writes go on."""
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    from adapters.worker import rebuild as rebuild_projection

    names = _projections(name)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}"),
        TimeRemainingColumn(),
    )
    with database(settings()) as url, Progress(*columns, console=err) as bar:
        for each in names:
            task = bar.add_task(f"rebuilding {each}", total=None)

            def show(reached: int, newest: int, task: TaskID = task) -> None:
                bar.update(task, completed=reached, total=newest)

            rebuild_projection(url, each, show)


def verify(
    name: Annotated[str, typer.Argument(help="The projection; `all` for every one.")] = "all",
) -> None:
    """Compare every row with what folding the log anew gives. Exits with 1 if any differs."""
    from adapters.worker import verify as verify_projection

    names = _projections(name)
    differing = 0
    with database(settings()) as url, err.status("folding the log anew"):
        for each in names:
            found = verify_projection(url, each)
            differing += len(found)
            out.print(f"{each}: {f'[bold red]{len(found):,} differ' if found else 'equal'}")
            for one in found[:MOST_SHOWN]:
                out.print(f"  {escaped(one.key)}", highlight=False)
    if differing:
        raise typer.Exit(FOUND_WANTING)


def _projections(name: str) -> tuple[str, ...]:
    from adapters.worker import projection_names

    names = projection_names() if name == "all" else (name,)
    if unknown := [n for n in names if n not in projection_names()]:
        allowed = ", ".join(projection_names())
        raise Trouble(f"NAME: found {unknown[0]}; allowed are all, {allowed}")
    return names


def status() -> None:
    """Show how far each projection, and the Merkle log, has followed the log."""
    from rich.table import Table

    from adapters.worker import logged, positions

    with database(settings()) as url:
        table = Table("projection", "position", "behind by")
        for name, position, behind in (*positions(url), logged(url)):
            table.add_row(name, f"{position:,}", f"{behind:,}")
        out.print(table)


def demo(
    serve: Annotated[bool, typer.Option(help="Leave the service running afterwards.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Play only so many recommendations.")
    ] = None,
    data_dir: Annotated[
        Path, typer.Option(help="Where the demo keeps its database, keys and logs.")
    ] = Path(".remit/demo"),
) -> None:
    """See the main job on four real data sets: an embedded PostgreSQL, the service, its figures."""
    from adapters.demo.story import tell

    tell(data_dir, limit=limit, stay=serve)
