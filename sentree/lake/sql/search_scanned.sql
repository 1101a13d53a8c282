-- Events of the scope that hold words, ranked by BM25 without an index: every text is read.
WITH inside AS (
    SELECT event_uid, length(raw) AS size, lower(raw) AS lowered FROM events WHERE {scope}
),
words AS (SELECT unnest(CAST(? AS INTEGER[])) AS n, unnest(CAST(? AS VARCHAR[])) AS word),
hits AS (
    SELECT w.n, e.event_uid, e.size,
        (length(e.lowered) - length(replace(e.lowered, w.word, ''))) // length(w.word) AS times
    FROM inside AS e
    JOIN words AS w ON contains(e.lowered, w.word)
),
usual AS (SELECT count(*) AS events, avg(chars) AS size FROM events WHERE {scope}),
