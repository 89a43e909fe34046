-- A database that began under a clock that somebody moves: a demo's, or a test's. No other may
-- be written to under one.
CREATE TABLE own_time (
    marked boolean PRIMARY KEY DEFAULT true CHECK (marked),
    since timestamptz NOT NULL DEFAULT now()
);
