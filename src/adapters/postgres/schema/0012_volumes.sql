-- What source systems declare: how many cases there were in a period of a decision type.
CREATE TABLE volumes (
    key text COLLATE "C" PRIMARY KEY,
    decision_type text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    eligible bigint NOT NULL,
    bypassed bigint,
    source text NOT NULL,
    declared_at timestamptz NOT NULL,
    declared_by text NOT NULL,
    corrections integer NOT NULL
);
CREATE INDEX volumes_days_idx ON volumes (decision_type, first_day);

-- When feedback of each kind was last heard: few events are of these kinds.
CREATE INDEX audit_trail_heard_idx ON audit_trail (decision_type, type, at)
    WHERE type IN ('decision.outcome_observed', 'decision.quality_confirmed',
        'decision.quality_overturned', 'volume.declared', 'volume.corrected');
