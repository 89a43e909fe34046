"""The domain: rules only. No clock, no input or output, no library but pydantic.

Decision            one AI recommendation about one subject, from receipt to its end
Decision type       a repeatable business decision: owners, actions, facts, service levels, stage
Subject             the business thing decided on
Producer            the service or agent that submits recommendations; never a human role
Recommendation      the producer's proposed action with confidence, risk, context and rationale
Confidence          the producer's stated probability that the action is right, 0 to 1
Risk                the business impact if the action is wrong, 0 to 1
Guardrail policy    a versioned, immutable document that maps a recommendation to a lane
Lane                automate, review or escalate
Disposition         what a person decided: uphold, override, modify, return, request_info, refer
Override            a person's final action differs from the recommended action
Escalation          the transfer of authority to the escalation owner's ladder
Exception           the expected path can't go on; one code from a closed taxonomy
Lease               a reviewer's time-bound exclusive right to dispose of a decision
Four-eyes           two distinct authorised people must agree
Receipt             what became of an action: delivered, failed or unknown
Reversal            an authorised compensating action, a new event, never an edit
Quality sample      automated decisions that a person checks afterwards
Autonomy stage      observe, assist, partial or full
Replay verdict      what re-evaluating a recorded decision says: match, or what drifted
"""
