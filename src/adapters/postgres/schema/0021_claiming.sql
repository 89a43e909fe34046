-- What is free for a person to take on, kind by kind, each in the order in which it is worked off:
-- the next one is found without a look at those before it that are somebody else's to take.
-- A kind is what all decisions in it have in common that says who may take them
-- (`application.reading.Kind`).
CREATE INDEX review_queue_free_idx ON review_queue (
    queue, decision_type, (status = 'escalated'),
    (coalesce(CASE WHEN status = 'escalated' THEN person ELSE first_reviewer END, '')),
    due_at, (-coalesce(risk, -1)), key
) WHERE waits_for_a_person AND lease_expires_at IS NULL;
-- What somebody has on lease, or had: free again once that has run out.
CREATE INDEX review_queue_leased_idx ON review_queue (queue, lease_expires_at)
    WHERE waits_for_a_person AND lease_expires_at IS NOT NULL;
