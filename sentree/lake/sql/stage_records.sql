-- Framed records with their route (a mapper, or what has to be done to them first), the JSON a
-- mapper reads, and their uid. {route} is compiled from the mappers' shapes.
CREATE OR REPLACE TEMP TABLE staged_records AS
WITH read AS (
    SELECT *, CASE WHEN json_valid(coalesce(doc, text)) THEN coalesce(doc, text) END AS json
    FROM framed
),
routed AS (
    SELECT *, {route} AS route FROM read
),
keyed AS (
    SELECT
        *,
        json IS NOT NULL AND json_type(json) = 'OBJECT' AS is_record,
        CASE WHEN json IS NOT NULL AND json_type(json) = 'OBJECT' THEN json_keys(json) END AS keys
    FROM routed
)
SELECT
    seq,
    line AS source_line,
    route,
    text AS raw,
    CASE WHEN is_record THEN json ELSE json_object('message', text) END AS doc,
    list_filter(
        [
            note,
            CASE WHEN len(keys) > list_unique(keys) THEN 'duplicate_keys' END,
            CASE WHEN $forced AND route = 'base' THEN 'other_format' END
        ],
        lambda issue: issue IS NOT NULL
    ) AS notes,
    left(
        sha256(
            $tenant || chr(0) || CASE WHEN is_record THEN 'record' || chr(0) || json(json)
            ELSE 'text' || chr(0) || text END
        ),
        32
    ) AS event_uid
FROM keyed
