-- What is authorised and still to be sent, where this service carries actions out.
CREATE TABLE deliveries (
    key text COLLATE "C" PRIMARY KEY,
    decision_type text NOT NULL,
    endpoint text NOT NULL,
    message uuid NOT NULL,
    since timestamptz NOT NULL
);
CREATE INDEX deliveries_endpoint_idx ON deliveries (endpoint, since);
