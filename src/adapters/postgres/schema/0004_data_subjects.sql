-- Whose personal facts are sealed in the log. The id is random; the reference a caller knows the
-- person by is here only as a keyed digest, and the key only wrapped. Erasing is deleting the row.
CREATE TABLE data_subjects (
    id uuid PRIMARY KEY,
    reference bytea NOT NULL UNIQUE,
    wrapped_key bytea NOT NULL
) WITH (
    -- The space of a deleted row is given back for overwriting as soon as autovacuum comes by.
    autovacuum_vacuum_threshold = 0,
    autovacuum_vacuum_scale_factor = 0
);
