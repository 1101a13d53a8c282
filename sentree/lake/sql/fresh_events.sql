-- Of the staged events the first of each uid, unless the lake has it. {known} is compiled: the
-- lake's uids on the days of the batch, so that only the files of those days are read.
SELECT min(s.seq) AS seq
FROM staged_events AS s
ANTI JOIN ({known}) AS k ON s.event_uid = k.event_uid
GROUP BY s.event_uid
