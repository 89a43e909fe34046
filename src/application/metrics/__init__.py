"""Feedback: what came of the decisions, measured from one row of facts per decision.

Start in `formulas.py`: `compute(facts, window=..., as_of=...)` answers with a `Report`.
"""
