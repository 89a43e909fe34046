"""For operators: run the service, keep its projections, see it work on real data."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.common import connect, database, err, out, settings
from adapters.trouble import Trouble


def migrate() -> None:
    """Bring the database's schema up to this version. Safe to repeat, and to run twice at once."""
    from adapters.postgres.migrations import migrate as migrate_database

    given = settings()
    if given.database_url is None:
        with database(given):
            out.print("the embedded database is up to date")
        return
    connect(given.database_url)
    done = migrate_database(given.database_url)
    out.print("\n".join(f"applied {name}" for name in done) or "nothing to do")


def serve(
    work: Annotated[
        bool, typer.Option(help="Also follow the log, in a process beside, so that this is all.")
    ] = True,
) -> None:
    """Answer HTTP requests until told to stop (SIGTERM, or Ctrl-C)."""
    from adapters.assembly import api_keys
    from adapters.publication import publication
    from adapters.serving import serve as serve_http
    from adapters.webhooks.endpoints import read_endpoints

    given = settings()
    api_keys(given)  # refuse before anything is started
    read_endpoints(given.endpoints)
    publication(given)
    with database(given) as url:
        serve_http(url, given, work=work)


def work(
    while_open: Annotated[
        bool, typer.Option("--while-open", help="Stop as well when standard input closes.")
    ] = False,
) -> None:
    """Follow the log, keep time, deliver actions and publish checkpoints, until told to stop.

    Any number may run.
    """
    from adapters.publication import publication
    from adapters.webhooks.endpoints import read_endpoints
    from adapters.worker import work as follow_log

    given = settings()
    endpoints, publishes = read_endpoints(given.endpoints), publication(given)
    with database(given) as url:
        follow_log(url, endpoints=endpoints, publication=publishes, while_open=while_open)


def rebuild(
    name: Annotated[str, typer.Argument(help="The projection; `all` for every one.")],
) -> None:
    """Fold a projection again from the first event, beside the live one, while writes go on."""
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    from adapters.worker import projection_names
    from adapters.worker import rebuild as rebuild_projection

    names = projection_names() if name == "all" else (name,)
    unknown = [n for n in names if n not in projection_names()]
    if unknown:
        raise Trouble(f"NAME: found {name}; allowed are all, {', '.join(projection_names())}")
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


def status() -> None:
    """Show how far each projection has followed the log."""
    from rich.table import Table

    from adapters.worker import positions

    with database(settings()) as url:
        table = Table("projection", "position", "behind by")
        for name, position, behind in positions(url):
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
