-- Framed records, each with its JSON (NULL where it is none), the names at its top and its type.
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
)
