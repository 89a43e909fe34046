-- Where each decision type's circuit breakers stand: folded in the order of the log.
CREATE TABLE breakers (
    key text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL,
    versions jsonb NOT NULL,
    in_force bigint,
    planned jsonb,
    watches jsonb NOT NULL
);
