-- What `stage_records` gives of framed records that are JSON and carry no text of a log daemon: the
-- same columns, without all that reads lines and headers, which takes long to set up.
WITH given AS (
    SELECT *, coalesce(doc, text) AS full_text FROM framed
),
read AS (
    SELECT
        *,
        CASE
            WHEN regexp_matches(full_text, '^\s*[\[{]') AND json_valid(full_text)
                THEN CAST(json(full_text) AS VARCHAR)
        END AS json
    FROM given
),
keyed AS (
    SELECT *, json_keys(json) AS keys FROM read
),
told AS (
    SELECT *, CASE WHEN len(keys) > 0 THEN 'OBJECT' ELSE json_type(json) END AS type FROM keyed
),
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
    left(
        sha256(
            concat_ws(
                chr(0),
                $tenant,
                CASE WHEN type = 'OBJECT' THEN 'record' ELSE 'text' END,
                sha256(CASE WHEN type = 'OBJECT' THEN json ELSE text END)
            )
        ),
        32
    ) AS event_uid
FROM routed
