-- One batch of chunks as rows of `events`. A chunk has no time: none stands for it.
INSERT INTO slice.events BY NAME
SELECT
    event_uid,
    $tenant AS tenant_uid,
    CAST(now() AS TIMESTAMP) AS ingested_at,
    0 AS class_uid,
    0 AS category_uid,
    0 AS activity_id,
    0 AS type_uid,
    message,
    CAST([] AS VARCHAR[]) AS observables,
    CASE WHEN note IS NULL THEN CAST([] AS VARCHAR[]) ELSE [note] END AS issues,
    CAST(json_object(
        'activity_id', 0,
        'category_uid', 0,
        'class_uid', 0,
        'message', message,
        'metadata', json_object('sequence', seq),
        'type_uid', 0
    ) AS VARCHAR) AS event,
    text AS raw,
    source_uid,
    line AS source_line,
    'text' AS mapper,
    -- A record's own uid may be of any form.
    coalesce(
        TRY_CAST('0x' || left(event_uid, 8) AS UINTEGER), CAST(hash(event_uid) % 4294967296 AS UINTEGER)
    ) AS shard_key,
    length(text) AS chars,
    path AS source_path
FROM (SELECT *, left(trim(regexp_extract(text, '\S[^\n]*')), 200) AS message FROM chunks)
