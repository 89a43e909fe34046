-- One batch of appends: everything that must hold for each, then everything each writes.
-- The caller holds the log's lock, and so does every other writer: nothing can come in between.
-- LIMIT and aggregates inside LATERAL keep the planner at one index look-up an item.
WITH head AS (
    SELECT * FROM unnest(%(head_item)b, %(head_stream)b, %(head_version)b, %(head_relied)b)
        AS h (item, stream, version, relied)
), moved AS (
    SELECT head.item, head.relied
    FROM head
    CROSS JOIN LATERAL (
        SELECT count(*) AS present, max(originator_version) AS newest
        FROM remit_events
        WHERE originator_id = head.stream
          AND originator_version BETWEEN head.version AND head.version + 1
    ) AS found
    WHERE found.present <> (head.version > 0)::integer OR found.newest > head.version
), keyed AS (
    SELECT * FROM unnest(
        %(key_item)b, %(key_scope)b, %(key_key)b, %(key_digest)b, %(key_stream)b, %(key_version)b
    ) AS k (item, scope, key, digest, stream, version)
), repeated AS (
    SELECT keyed.item, prior.*
    FROM keyed
    CROSS JOIN LATERAL (
        SELECT stream, version, digest
        FROM commands
        WHERE scope = keyed.scope AND key = keyed.key
        LIMIT 1
    ) AS prior
), entering AS (
    SELECT * FROM unnest(
        %(enter_item)b, %(enter_type)b, %(enter_subject)b, %(enter_decision)b, %(enter_seen)b
    ) AS e (item, decision_type, subject, decision_id, seen)
), taken AS (
    SELECT entering.item, standing.live
    FROM entering
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(decision_id ORDER BY decision_id), '{}') AS live
        FROM live_decisions
        WHERE decision_type = entering.decision_type AND subject = entering.subject
    ) AS standing
    WHERE standing.live <> entering.seen::uuid[]
), refused AS (
    SELECT DISTINCT ON (item) item, why, stream, version, digest, live
    FROM (
        SELECT item, 1 AS why, stream, version, digest, NULL::uuid[] AS live FROM repeated
        UNION ALL
        SELECT item, CASE WHEN relied THEN 3 ELSE 2 END, NULL, NULL, NULL, NULL FROM moved
        UNION ALL
        SELECT item, 4, NULL, NULL, NULL, live FROM taken
    ) AS reasons
    ORDER BY item, why
), written AS (
    INSERT INTO remit_events (originator_id, originator_version, topic, state)
    SELECT stream, version, topic, state
    FROM unnest(
        %(event_item)b, %(event_stream)b, %(event_version)b, %(event_topic)b, %(event_state)b
    ) WITH ORDINALITY AS e (item, stream, version, topic, state, place)
    WHERE item NOT IN (SELECT item FROM refused)
    ORDER BY place
    RETURNING notification_id
), remembered AS (
    INSERT INTO commands (scope, key, digest, stream, version)
    SELECT scope, key, digest, stream, version
    FROM keyed
    WHERE item NOT IN (SELECT item FROM refused)
), entered AS (
    INSERT INTO live_decisions (decision_id, decision_type, subject)
    SELECT decision_id, decision_type, subject
    FROM entering
    WHERE item NOT IN (SELECT item FROM refused)
), gone AS (
    DELETE FROM live_decisions
    WHERE decision_id = ANY (ARRAY(
        SELECT decision_id
        FROM unnest(%(leave_item)b, %(leave_decision)b) AS l (item, decision_id)
        WHERE item NOT IN (SELECT item FROM refused)
    ))
)
SELECT
    (SELECT array_agg(notification_id) FROM written) AS positions,
    (SELECT jsonb_agg(to_jsonb(refused)) FROM refused) AS refusals,
    (SELECT pg_notify('remit_events', '') FROM written LIMIT 1) AS told
