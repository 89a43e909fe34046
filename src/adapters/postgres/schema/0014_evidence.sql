-- What certifying counts is among the sums from now on: rows counted without it are folded anew, by
-- the follower, or sooner by `remit projections rebuild feedback`.
TRUNCATE feedback, feedback_counts;
DELETE FROM remit_tracking WHERE application_name = 'feedback';
