-- Whose personal facts are sealed in the log. The id is random; the reference a caller knows the
-- person by is here only as a keyed digest, and the key only wrapped. Erasing is deleting the row.
CREATE TABLE data_subjects (
    id uuid PRIMARY KEY,
    reference bytea NOT NULL UNIQUE,
    wrapped_key bytea NOT NULL
);
