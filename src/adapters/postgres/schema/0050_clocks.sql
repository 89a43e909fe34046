-- When time has something to say next about an open decision, for whoever keeps the clock.
ALTER TABLE review_queue ADD COLUMN expires_at timestamptz, ADD COLUMN rings_at timestamptz;
CREATE INDEX review_queue_rings_idx ON review_queue (rings_at) WHERE rings_at IS NOT NULL;
