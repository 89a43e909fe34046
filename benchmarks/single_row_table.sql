-- What one insert a commit costs this machine at the least: one narrow table, one index.
CREATE TABLE single_rows (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject bigint NOT NULL,
    payload text NOT NULL
);
