-- The guard holds in every session, one that only replays what another server did included.
ALTER TABLE remit_events ENABLE ALWAYS TRIGGER remit_events_append_only;

-- What decision types are, and who sits where, is few events among very many.
CREATE INDEX remit_events_governance_idx ON remit_events (notification_id)
    WHERE topic LIKE 'decision\_type.%';
