-- Of the staged events the first of each uid, unless the lake has it. {known} is compiled: the
-- lake's uids on the days of the batch, so that only the files of those days are read.
INSERT INTO fresh_events
SELECT min(r.seq) AS seq
FROM staged_records AS r
SEMI JOIN staged_events AS e ON r.seq = e.seq
ANTI JOIN ({known}) AS k ON r.event_uid = k.event_uid
GROUP BY r.event_uid
