-- What the feedback rows count for: sums by day, month and year (UTC), kept up with the rows.
CREATE TABLE feedback_counts (
    decision_type text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    measure text COLLATE "C" NOT NULL,
    label text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (decision_type, period, measure, label)
) WITH (fillfactor = 70);

-- What a look-up still reads from rows: the open, the day at the horizon, each reviewer's last.
DROP INDEX feedback_open_idx;
CREATE INDEX feedback_open_idx ON feedback (decision_type, stage_due_at) WHERE "end" IS NULL;
CREATE INDEX feedback_automated_idx ON feedback (decision_type, ended_at)
    WHERE lane = 'automate' AND authorised_by = 'policy';
CREATE INDEX feedback_reviews_idx ON feedback (decision_type, disposed_by, ended_at, key)
    WHERE disposed_in = 'review';

-- Rows that were never counted are folded anew: by the follower, or sooner by
-- `remit projections rebuild feedback`.
TRUNCATE feedback;
DELETE FROM remit_tracking WHERE application_name = 'feedback';
