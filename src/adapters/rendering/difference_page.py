"""The difference as one HTML file: no network, no script, made to be read and printed."""

from html import escape

from adapters.rendering.sentences import approver_text, summary
from domain.guardrail.comparing import Effect
from domain.guardrail.difference import Difference, Edit
from domain.guardrail.whereabouts import facts_text

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
section, li { break-inside: avoid; }
.edit { border: 1px solid #bbb; border-left-width: .4rem; padding: .5rem 1rem; margin: .75rem 0; }
.relaxed { border-left-color: #b00020; } .tighter { border-left-color: #1b7a3d; }
.rerouted { border-left-color: #1f5fa8; } .unchanged { border-left-color: #888; }
.bucket { font-weight: 700; text-transform: uppercase; letter-spacing: .03em; }
.example, .given, .digest { color: #555; font-size: .9rem; overflow-wrap: anywhere; }
.approver { border: 2px solid #1a1a1a; padding: .75rem 1rem; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } }
"""


def page(difference: Difference, old: str, new: str) -> str:
    """The whole page. `old` and `new` are what the versions are called."""
    edits = "".join(map(_edit, difference.edits)) or "<p>Nothing was edited.</p>"
    total = "".join(f"<li>{_effect(effect)}</li>" for effect in difference.total)
    weakened = "".join(f"<li>{escape(control)}</li>" for control in difference.weakened)
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(old)} → {escape(new)}</title><style>{_STYLE}</style></head>
<body>
<h1>What changes if {escape(new)} follows {escape(old)}</h1>
<p class="approver"><strong>Who approves:</strong> {escape(approver_text(difference))}</p>
<h2>All in all: {escape(summary(difference))}</h2>
<ul>{total}{weakened}</ul>
<h2>Edit by edit</h2>
{edits}
<h2>What this is about</h2>
<p>Found over every case there can be, not on examples. Outside of the named regions nothing changes
so; each example was confirmed by both versions. A fact that isn't named in one is missing.</p>
<p class="digest">old {escape(difference.old or "none")}<br>new {escape(difference.new)}<br>
this difference {escape(difference.digest)}</p>
</body>
</html>
"""


def _edit(edit: Edit) -> str:
    note = f"<p>{escape(edit.note)}</p>" if edit.note else ""
    if edit.made == "together":
        note += "<p>Only together with the other edits.</p>"
    effects = "".join(f"<div>{_effect(effect)}</div>" for effect in edit.effects)
    head = f'<span class="bucket">{edit.bucket}</span> {escape(edit.text)}'
    return f'<section class="edit {edit.bucket}"><p>{head}</p>{note}{effects}</section>'


def _effect(effect: Effect) -> str:
    given = "; ".join(effect.given)
    told = f"<p>{escape(effect.text)}</p>"
    if given:
        told += f'<p class="given">given: {escape(given)}</p>'
    return told + f'<p class="example">for example: {escape(facts_text(effect.witness))}</p>'
