-- Whose clock wrote some events; none where it is a service's that is taken to be right.
SELECT event_uid,
    CASE WHEN mapper LIKE 'zeek%' THEN 'network sensor' WHEN mapper LIKE 'windows%' THEN host END AS clock
FROM events
WHERE list_contains(?::VARCHAR[], event_uid)
