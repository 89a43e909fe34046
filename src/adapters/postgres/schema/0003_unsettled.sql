-- What was raised over an action and waits for somebody; fold anew (`remit projections rebuild`)
-- where decisions stand on record that were contested, overturned or not undone before.
ALTER TABLE feedback ADD COLUMN unsettled jsonb NOT NULL DEFAULT '[]';

CREATE INDEX feedback_unsettled_idx ON feedback (key) WHERE unsettled <> '[]';
