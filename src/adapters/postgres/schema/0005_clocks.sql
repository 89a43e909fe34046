-- When time has something to say next about an open decision, for whoever keeps the clock.
ALTER TABLE review_queue ADD COLUMN expires_at timestamptz, ADD COLUMN rings_at timestamptz;
-- Rows that stand know their deadlines; for receipts that were awaited before, fold them again
-- (`remit projections rebuild review_queue`).
UPDATE review_queue SET rings_at = due_at;
CREATE INDEX review_queue_rings_idx ON review_queue (rings_at) WHERE rings_at IS NOT NULL;
