-- What is folded from the log. The columns are the fields of each projection's row; every table
-- can be dropped and folded again. Keys compare by byte: ids are time-ordered, so is the key.
CREATE TABLE review_queue (
    key text COLLATE "C" PRIMARY KEY,
    decision_type text NOT NULL,
    subject text NOT NULL,
    subject_version text,
    workflow text,
    producer text NOT NULL,
    action text NOT NULL,
    confidence numeric CHECK (confidence BETWEEN 0 AND 1),
    risk numeric CHECK (risk BETWEEN 0 AND 1),
    received_at timestamptz NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL,
    waits boolean NOT NULL,
    waits_for_a_person boolean NOT NULL,
    queue text CHECK (queue IS NOT NULL OR NOT waits),
    seat text CHECK (seat IS NOT NULL OR NOT waits),
    person text,
    entered_at timestamptz,
    due_at timestamptz CHECK (due_at IS NOT NULL OR NOT waits),
    lane text,
    level integer NOT NULL,
    rule text,
    reasons jsonb NOT NULL,
    exceptions jsonb NOT NULL,
    missing jsonb NOT NULL,
    conflict uuid,
    holder text,
    lease_expires_at timestamptz,
    four_eyes boolean NOT NULL,
    first_reviewer text
) WITH (fillfactor = 70);

-- The order in which a queue is worked off: the earliest due, then the riskiest.
CREATE INDEX review_queue_order_idx
    ON review_queue (queue, due_at, (-coalesce(risk, -1)), key) WHERE waits;

CREATE TABLE feedback (
    key text COLLATE "C" PRIMARY KEY,
    decision_type text NOT NULL,
    subject text NOT NULL,
    workflow text,
    producer text NOT NULL,
    model_name text NOT NULL,
    model_version text NOT NULL,
    policy_version bigint,
    policy_hash text,
    is_test boolean NOT NULL,
    lane text,
    state text NOT NULL,
    updated_version bigint NOT NULL,
    recommended_action text NOT NULL,
    final_action text,
    confidence numeric CHECK (confidence BETWEEN 0 AND 1),
    risk numeric CHECK (risk BETWEEN 0 AND 1),
    reason_codes jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    "end" text,
    ended_at timestamptz CHECK ((ended_at IS NULL) = ("end" IS NULL)),
    queue text,
    due_at timestamptz,
    entered_queue_at timestamptz,
    first_claimed_at timestamptz,
    last_claimed_at timestamptz,
    stages_due integer NOT NULL,
    stages_missed integer NOT NULL CHECK (stages_missed BETWEEN 0 AND stages_due),
    stage_due_at timestamptz,
    disposed_at timestamptz,
    disposed_by text,
    disposed_in text,
    disposition text,
    override_reason text,
    dwell_seconds numeric,
    minimum_dwell_seconds numeric,
    first_review_action text,
    second_review_action text,
    authorised_by text,
    delivered_at timestamptz,
    receipt text,
    exceptions jsonb NOT NULL,
    exception_events jsonb NOT NULL,
    escalations jsonb NOT NULL,
    in_conflict boolean NOT NULL,
    human_before_end boolean NOT NULL,
    sampled boolean,
    sampling_rate numeric,
    quality_verdict text,
    reversed_at timestamptz,
    outcome_correct boolean,
    outcome_at timestamptz,
    label boolean,
    label_probability numeric,
    decision_type_version bigint,
    level integer NOT NULL,
    held_in_conflict boolean NOT NULL,
    four_eyes boolean NOT NULL,
    chosen_action text,
    quality_queue text,
    touched_at timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX feedback_type_idx ON feedback (decision_type, key);
CREATE INDEX feedback_subject_idx ON feedback (subject, key);
CREATE INDEX feedback_touched_idx ON feedback (touched_at);
CREATE INDEX feedback_open_idx ON feedback (key) WHERE "end" IS NULL;
-- What the lot fell on and nobody has judged yet.
CREATE INDEX feedback_unjudged_idx ON feedback (quality_queue, key)
    WHERE quality_queue IS NOT NULL AND quality_verdict IS NULL;

CREATE TABLE audit_trail (
    key text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    stream uuid NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    actor_seat text,
    actor_via text,
    who text NOT NULL,
    sentence text NOT NULL,
    decision_type text,
    decision uuid,
    correlation_id uuid NOT NULL,
    causation_id uuid
);

CREATE UNIQUE INDEX audit_trail_position_idx ON audit_trail (position);
CREATE INDEX audit_trail_type_idx ON audit_trail (decision_type, position);
CREATE INDEX audit_trail_decision_idx ON audit_trail (decision, position);
CREATE INDEX audit_trail_actor_idx ON audit_trail (actor_id, position);
CREATE INDEX audit_trail_correlation_idx ON audit_trail (correlation_id);
