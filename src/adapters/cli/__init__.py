"""The command line `remit`. Commands are grouped by who uses them; each imports what it needs when
it runs, so that `--help` and `policy check` answer at once."""

import typer

from adapters.cli import (
    analyses,
    auditing,
    authoring,
    calibrating,
    erasing,
    exporting,
    halting,
    interchange,
    keys,
    ledger,
    measuring,
    operating,
    overseeing,
    policies,
    rehearsing,
    reporting,
    reviewing,
    specifying,
    thresholds,
)
from adapters.cli.common import Polite

app = typer.Typer(
    name="remit",
    help="The AI operating model: a model recommends, written policy decides who acts.",
    no_args_is_help=True,
    cls=Polite,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
policy = typer.Typer(
    help="Write, try, prove, sign and put into force a policy.", no_args_is_help=True
)
spec = typer.Typer(help="Say what a policy must do, and see whether it does.", no_args_is_help=True)
shadow = typer.Typer(help="Try a version beside the one in force.", no_args_is_help=True)
projections = typer.Typer(help="Look after what is folded from the log.", no_args_is_help=True)
audit = typer.Typer(help="Prove that the record was not changed.", no_args_is_help=True)
api_keys = typer.Typer(help="Issue the keys that open the door.", no_args_is_help=True)

app.command("demo")(operating.demo)
app.command("serve")(operating.serve)
app.command("work")(operating.work)
app.command("migrate")(operating.migrate)
app.command("adopt")(authoring.adopt)
app.command("evaluate")(authoring.evaluate)
policy.command("check")(authoring.check)
policy.command("cel")(interchange.cel)
policy.command("prove")(analyses.prove)
policy.command("diff")(analyses.diff)
policy.command("schema")(interchange.schema)
policy.command("import-dmn")(interchange.import_dmn)
policy.command("export-dmn")(interchange.export_dmn)
policy.command("explain")(authoring.explain)
spec.command("run")(specifying.run)
spec.command("words")(specifying.words)
policy.command("rehearse")(rehearsing.rehearse)
policy.command("perform", hidden=True)(rehearsing.perform)
shadow.command("start")(rehearsing.shadow_start)
shadow.command("stop")(rehearsing.shadow_stop)
shadow.command("show")(rehearsing.shadow_show)
policy.add_typer(shadow, name="shadow")
app.command("queue")(reviewing.queue)
app.command("claim")(reviewing.claim)
app.command("review")(reviewing.review)
app.command("reconcile")(reviewing.reconcile)
policy.command("history")(policies.history)
policy.command("draft")(policies.draft)
policy.command("specify")(policies.specify)
policy.command("propose")(policies.propose)
policy.command("approve")(policies.approve)
policy.command("refuse")(policies.refuse)
policy.command("activate")(policies.activate)
policy.command("rollback")(policies.rollback)
policy.command("retire")(policies.retire)
policy.command("floor")(policies.floor)
app.command("trail")(auditing.trail)
app.command("explain")(auditing.explain)
app.command("replay")(auditing.replay)
audit.command("checkpoint")(ledger.checkpoint)
audit.command("publish")(ledger.publish)
audit.command("prove")(ledger.prove)
audit.command("verify")(ledger.verify)
audit.command("export")(ledger.export)
audit.command("keys")(ledger.keys)
audit.command("rebuild")(ledger.rebuild)
app.command("report")(reporting.report)
app.command("thresholds")(thresholds.thresholds)
app.command("halt")(halting.halt)
app.command("resume")(halting.resume)
app.command("breakers")(halting.breakers)
app.command("oversight")(overseeing.oversight)
app.command("erase")(erasing.erase)
app.command("export")(exporting.export)
projections.command("rebuild")(operating.rebuild)
projections.command("verify")(operating.verify)
projections.command("status")(operating.status)
api_keys.command("issue")(keys.issue)
api_keys.command("rotate")(keys.rotate)
api_keys.command("revoke")(keys.revoke)
api_keys.command("list")(keys.show)

app.add_typer(policy, name="policy")
app.add_typer(spec, name="spec")
app.add_typer(projections, name="projections")
app.add_typer(audit, name="audit")
app.add_typer(api_keys, name="keys")
app.add_typer(measuring.app, name="metrics")
app.add_typer(calibrating.app, name="calibration")
app.command("compare-models")(calibrating.compare_models)
