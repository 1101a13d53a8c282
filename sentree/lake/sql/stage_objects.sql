-- What `stage_records` gives of framed records that are JSON and carry no text of a log daemon: the
-- same columns, without all that reads lines and headers, which takes long to set up.
{objects},
told_apart AS (
    SELECT *, {route} AS found FROM told
),
routed AS (
    SELECT
        *,
        split_part(found, '#', 1) AS route,
        TRY_CAST(nullif(split_part(found, '#', 2), '') AS TINYINT) AS arm
    FROM told_apart
)
SELECT
    seq,
    $source AS source_uid,
    line AS source_line,
    route,
    text AS raw,
    CASE WHEN type = 'OBJECT' THEN doc ELSE CAST(to_json(text) AS VARCHAR) END AS doc,
    CAST(NULL AS VARCHAR) AS head,
    CASE WHEN false THEN header END AS header,
    arm,
    CASE WHEN type = 'OBJECT' THEN hash(keys) END AS shape,
    list_filter(
        [note, CASE WHEN $forced AND route = 'base' THEN 'other_format' END],
        lambda issue: issue IS NOT NULL
    ) AS notes,
    {event_uid} AS event_uid
FROM routed
