-- Which accounts called from where in cited events ($cited), and how many accounts act from there.
SELECT c.event_uid, c.who, c.src, p.accounts
FROM baseline_calls AS c
LEFT JOIN (
    SELECT src, count(DISTINCT who) AS accounts
    FROM baseline_calls
    WHERE src IS NOT NULL
    GROUP BY src
) AS p ON p.src = c.src
WHERE list_contains($cited::VARCHAR[], c.event_uid) AND c.who <> ''
ORDER BY c.event_uid
