-- Ten-minute bins around the notable hits on each machine, where what else happens is suspect too.
CREATE OR REPLACE TEMP TABLE slice_bins AS
SELECT entity, bin, max(level) AS level
FROM (
    SELECT entity, epoch(time)::BIGINT // 600 + unnest([-1, 0, 1]) AS bin, level
    FROM slice_hot
    WHERE level >= 2 AND rank <= 3 AND entity IS NOT NULL
)
GROUP BY ALL
