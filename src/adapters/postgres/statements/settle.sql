-- After a lost answer: where each append's last event stands, if its first one is the very one sent.
SELECT sent.item, last.notification_id
FROM unnest(
    %(item)b, %(stream)b, %(version)b, %(state)b, %(last_stream)b, %(last_version)b
) AS sent (item, stream, version, state, last_stream, last_version)
JOIN remit_events AS first
  ON first.originator_id = sent.stream AND first.originator_version = sent.version
JOIN remit_events AS last
  ON last.originator_id = sent.last_stream AND last.originator_version = sent.last_version
WHERE first.state = sent.state
