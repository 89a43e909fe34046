-- The log: everything that happened, in the shape the eventsourcing library reads and writes.
CREATE TABLE remit_events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text,
    state bytea,
    notification_id bigserial,
    PRIMARY KEY (originator_id, originator_version)
) WITH (
    autovacuum_enabled = true,
    autovacuum_vacuum_threshold = 100000000,
    autovacuum_vacuum_scale_factor = 0.5,
    autovacuum_analyze_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.01
);

CREATE UNIQUE INDEX remit_events_notification_id_idx ON remit_events (notification_id ASC);

-- History is only ever added to.
CREATE FUNCTION remit_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event log is append-only: % refused', lower(TG_OP)
        USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE TRIGGER remit_events_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON remit_events
    FOR EACH STATEMENT EXECUTE FUNCTION remit_refuse_rewriting();

-- How far each projection has followed the log; the library's single-row form, already migrated.
CREATE TABLE remit_tracking (
    application_name text,
    notification_id bigint,
    PRIMARY KEY (application_name)
) WITH (fillfactor = 50);

INSERT INTO remit_tracking (application_name, notification_id) VALUES ('__migration__', 1);

-- Idempotency keys: what each was first used for.
CREATE TABLE commands (
    scope text NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    stream uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key)
);

-- The decisions that are live on a subject, so that two can't stand on one unseen.
CREATE TABLE live_decisions (
    decision_id uuid PRIMARY KEY,
    decision_type text NOT NULL,
    subject text NOT NULL
);

CREATE INDEX live_decisions_subject_idx ON live_decisions (decision_type, subject);
