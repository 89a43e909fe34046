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

-- When time has something to say about a decision that has ended: what was raised over it is due, or
-- its reversal. What was raised before this knows its deadline; a reversal under way has none.
ALTER TABLE feedback ADD COLUMN reversal_due_at timestamptz, ADD COLUMN rings_at timestamptz;
UPDATE feedback SET rings_at = (
    SELECT min((each -> 'placement' ->> 'due_at')::timestamptz)
    FROM jsonb_array_elements(unsettled) AS each
    WHERE jsonb_typeof(each -> 'placement') = 'object'
) WHERE unsettled <> '[]' AND "end" IS NOT NULL;
CREATE INDEX feedback_rings_idx ON feedback (rings_at) WHERE rings_at IS NOT NULL;
