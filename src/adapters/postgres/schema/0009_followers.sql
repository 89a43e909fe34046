-- Who is told of what happens: how far each has been told, and how it goes.
CREATE TABLE followers (
    name text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    retry_at timestamptz,
    problem text,
    stopped boolean NOT NULL DEFAULT false
);

-- Subscriptions of other systems. A follower of the same name (the id) says how far each has come.
CREATE TABLE webhooks (
    id uuid PRIMARY KEY,
    content text NOT NULL,
    secrets text NOT NULL,
    sealed boolean NOT NULL
);
