-- Events as a reader without the lake needs them: raw text capped, its length told.
SELECT
    event_uid,
    time,
    coalesce(class_uid, 0) AS class_uid,
    host,
    coalesce(actor_user, target_user) AS user,
    coalesce(source_path, '') AS source,
    coalesce(source_line, 0) AS line,
    mapper,
    event,
    left(raw, ?) AS raw,
    length(raw) AS raw_length
FROM events
WHERE event_uid IN (SELECT unnest(CAST(? AS VARCHAR[])))
