-- What was raised over an action and waits for somebody. What was raised before this was recorded
-- has no place to wait in, so the rows that stand need not be folded anew.
ALTER TABLE feedback ADD COLUMN unsettled jsonb NOT NULL DEFAULT '[]';

CREATE INDEX feedback_unsettled_idx ON feedback (key) WHERE unsettled <> '[]';
