SELECT ${measure} AS n, min(time) AS first, max(time) AS last, count(DISTINCT host) AS hosts
FROM ${relation}
WHERE ${where}
