-- The names at the top of the JSON objects among framed records, and whether a record may hold one
-- more object inside a text (behind a header, or in what a log daemon's JSON carries), and whether
-- any is no JSON.
WITH given AS (
    SELECT coalesce(doc, text) AS full_text FROM framed
),
keyed AS (
    SELECT
        full_text,
        CASE
            WHEN regexp_matches(full_text, '^\s*[\[{]') AND json_valid(full_text) THEN json_keys(full_text)
        END AS keys
    FROM given
),
shapes AS MATERIALIZED (
    SELECT DISTINCT
        keys,
        CASE
            -- No header begins with a brace.
            WHEN keys IS NULL THEN contains(full_text, '{') AND NOT regexp_matches(full_text, '^\s*\{')
            ELSE {enveloped}
        END AS holds
    FROM keyed
)
SELECT
    (SELECT list(DISTINCT key) FROM (SELECT unnest(keys) AS key FROM shapes)) AS keys,
    (SELECT bool_or(holds) FROM shapes) AS holds,
    (SELECT bool_or(keys IS NULL) FROM shapes) AS has_text
