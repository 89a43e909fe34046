-- The Merkle log over all events (RFC 6962): how large its tree is, and as much of it as it takes
-- to go on growing it. Moved in one transaction with its position in remit_tracking.
CREATE TABLE merkle_log (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    size bigint NOT NULL CHECK (size >= 0),
    frontier bytea NOT NULL CHECK (octet_length(frontier) = 32 * bit_count(size::bit(64)))
);

INSERT INTO merkle_log (size, frontier) VALUES (0, '');

-- Its hashes, 256 to a tile (C2SP tlog-tiles); level 0 also has the positions of its leaves,
-- 8 bytes each, since positions can have gaps and leaves can't.
CREATE TABLE merkle_tiles (
    level smallint NOT NULL,
    index bigint NOT NULL,
    hashes bytea NOT NULL CHECK (
        octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0
    ),
    first_position bigint CHECK ((first_position IS NULL) = (level > 0)),
    positions bytea NOT NULL CHECK (
        octet_length(positions) = CASE level WHEN 0 THEN octet_length(hashes) / 4 ELSE 0 END
    ),
    PRIMARY KEY (level, index)
);

-- Hashes can't be compressed: not even tried.
ALTER TABLE merkle_tiles ALTER hashes SET STORAGE EXTERNAL;

CREATE UNIQUE INDEX merkle_tiles_position_idx ON merkle_tiles (first_position)
    WHERE first_position IS NOT NULL;

-- The checkpoints that left the system, as they were signed.
CREATE TABLE checkpoints (
    size bigint PRIMARY KEY,
    root bytea NOT NULL,
    note text NOT NULL,
    published_at timestamptz NOT NULL
);

-- An event is looked for by its id, which is no place in an order.
CREATE INDEX audit_trail_event_idx ON audit_trail USING hash (event_id);
