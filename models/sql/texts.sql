-- The texts of some events, to look quotes up in.
SELECT event_uid, raw, event
FROM events
WHERE list_contains(?::VARCHAR[], event_uid)
