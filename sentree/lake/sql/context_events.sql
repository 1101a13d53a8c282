-- The events of the slice, in the order in which leaves read them.
CREATE TABLE slice.events AS
SELECT *
FROM ({scope})
WHERE time >= CAST($start AS TIMESTAMP) AND time < CAST($stop AS TIMESTAMP)
ORDER BY time, event_uid
