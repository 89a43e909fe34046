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
