-- Events of the scope that hold words, ranked by BM25. A word is given as its parts, as the index
-- cut the text; it opens or closes a token of the text where the word itself has something before
-- or behind it. A word that is more than one part must stand in the text as it is.
WITH words AS (
    SELECT unnest(CAST(? AS INTEGER[])) AS n, unnest(CAST(? AS VARCHAR[])) AS word,
        unnest(CAST(? AS INTEGER[])) AS parts, unnest(CAST(? AS BOOLEAN[])) AS is_plain
),
parts AS (
    SELECT unnest(CAST(? AS INTEGER[])) AS n, unnest(CAST(? AS INTEGER[])) AS place,
        unnest(CAST(? AS VARCHAR[])) AS part, unnest(CAST(? AS BOOLEAN[])) AS opens,
        unnest(CAST(? AS BOOLEAN[])) AS closes
),
known AS (
    SELECT p.n, p.place, d.termid
    FROM parts AS p
    JOIN fts_main_events.dict AS d ON d.term = p.part
    WHERE p.opens AND p.closes
    UNION ALL
    SELECT p.n, p.place, d.termid
    FROM (SELECT * FROM parts WHERE NOT (opens AND closes)) AS p
    JOIN fts_main_events.dict AS d ON contains(d.term, p.part)
    WHERE (NOT p.opens OR starts_with(d.term, p.part)) AND (NOT p.closes OR ends_with(d.term, p.part))
),
found AS (
    SELECT k.n, k.place, t.docid, count(*) AS times
    FROM fts_main_events.terms AS t
    JOIN known AS k ON t.termid = k.termid
    GROUP BY ALL
),
matched AS (
    SELECT f.n, f.docid, min(f.times) AS times
    FROM found AS f
    JOIN words AS w ON f.n = w.n
    GROUP BY f.n, f.docid, w.parts
    HAVING count(*) = w.parts
),
candidates AS (
    SELECT w.n, w.word, w.is_plain, d.name, m.times, d.len AS size
    FROM matched AS m
    JOIN words AS w ON m.n = w.n
    JOIN fts_main_events.docs AS d ON m.docid = d.docid
),
hits AS (
    SELECT c.n, e.event_uid, c.times, c.size
    FROM candidates AS c
    JOIN (SELECT event_uid FROM events WHERE {scope}) AS e ON c.name = e.event_uid
    WHERE c.is_plain
    UNION ALL
    SELECT c.n, e.event_uid, c.times, c.size
    FROM candidates AS c
    JOIN (SELECT event_uid, raw FROM events WHERE {scope}) AS e ON c.name = e.event_uid
    WHERE NOT c.is_plain AND contains(lower(e.raw), c.word)
),
usual AS (SELECT num_docs AS events, avgdl AS size FROM fts_main_events.stats),
