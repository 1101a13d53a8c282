-- A route's documents where the records of one event are gathered: a lead's document holds those of
-- its parts. The places in braces are compiled from the mapper's Gathering. Equal records of an
-- event count once, as they do in the lake. Only the records near the beginning and the end of
-- what is mapped in one go can have lost others.
WITH told AS (
    SELECT *, json_extract_string(doc, [{paths}]) AS v FROM staged_records
),
named AS (
    SELECT * EXCLUDE (v), concat_ws(chr(0), source_uid, {key}) AS event_key, {kind} AS kind, {list} AS listed, {count} AS wanted, {member} AS member
    FROM told
),
ranked AS (
    SELECT
        *,
        kind IN ({leads}) AS leads,
        kind IN ({parts}) AS is_part,
        least(
            row_number() OVER (PARTITION BY source_uid ORDER BY seq),
            row_number() OVER (PARTITION BY source_uid ORDER BY seq DESC)
        ) <= {edge} AS at_edge
    FROM named
),
led AS (
    SELECT DISTINCT event_key FROM ranked WHERE leads
),
unique_parts AS (
    SELECT event_key, kind, listed, arg_min(doc, seq) AS doc, min(seq) AS first_seq
    FROM ranked
    WHERE is_part AND event_key IN (SELECT event_key FROM led)
    GROUP BY event_key, event_uid, kind, listed
),
some_parts AS (
    SELECT *
    FROM unique_parts
    QUALIFY row_number() OVER (PARTITION BY event_key, listed ORDER BY first_seq) <= {most}
),
lists AS (
    SELECT
        event_key,
        listed,
        count(*) FILTER (kind = {counted}) AS counted,
        CAST(to_json(listed) AS VARCHAR) || ':[' || string_agg(doc, ',' ORDER BY first_seq) || ']' AS list
    FROM some_parts
    GROUP BY event_key, listed
),
objects AS (
    SELECT event_key, sum(counted) AS counted, '{' || string_agg(list, ',' ORDER BY listed) || '}' AS parts
    FROM lists
    GROUP BY event_key
)
SELECT
    ranked.* EXCLUDE (event_key, kind, listed, wanted, member, leads, is_part, at_edge)
    REPLACE (
        CASE
            WHEN leads THEN concat('{"gathered":"lead","parts":', coalesce(parts, '{}'), ',')
            WHEN is_part AND led.event_key IS NOT NULL THEN '{"gathered":"part",'
            ELSE '{"gathered":"alone",'
        END || member || doc[2:] AS doc,
        CASE
            WHEN at_edge AND leads AND wanted > coalesce(counted, 0) THEN list_append(notes, 'event_incomplete')
            WHEN at_edge AND is_part AND led.event_key IS NULL THEN list_append(notes, 'event_incomplete')
            ELSE notes
        END AS notes
    )
FROM ranked
LEFT JOIN led USING (event_key)
LEFT JOIN objects USING (event_key)
