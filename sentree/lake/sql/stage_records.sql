-- Framed records with their route (a mapper, or what has to be done to them first), the JSON a
-- mapper reads, and their uid. {route} is compiled from the mappers' shapes. Every function on
-- `json` reads the text anew, so there are as few of them as can be.
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
routed AS (
    SELECT *, {route} AS route FROM told
)
SELECT
    seq,
    $source AS source_uid,
    line AS source_line,
    route,
    text AS raw,
    CASE WHEN type = 'OBJECT' THEN doc ELSE CAST(to_json(text) AS VARCHAR) END AS doc,
    hash(keys) AS shape,
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
