-- What each decision was routed on, to be put to other policies: written once, never changed.
CREATE TABLE past_cases (
    key text COLLATE "C" PRIMARY KEY,
    decision_type text NOT NULL,
    received_at timestamptz NOT NULL,
    position bigint NOT NULL,
    facts text NOT NULL
);

CREATE INDEX past_cases_type_idx ON past_cases (decision_type, received_at, key);

-- Rehearsals that were asked for: how far each is, and the report in full once it is done.
CREATE TABLE rehearsals (
    id uuid PRIMARY KEY,
    decision_type text NOT NULL,
    policy_version bigint NOT NULL,
    asked text NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
    done bigint NOT NULL DEFAULT 0,
    total bigint,
    beat_at timestamptz NOT NULL DEFAULT now(),
    problem text,
    report text CHECK (report IS NOT NULL OR state <> 'done')
);

CREATE INDEX rehearsals_running_idx ON rehearsals (beat_at) WHERE state = 'running';
