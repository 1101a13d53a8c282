-- The techniques of the slice: when each was seen first, how surely, on what event.
SELECT
    technique,
    min(time) AS first,
    max(time) AS last,
    max(level) AS level,
    count(DISTINCT event_uid) AS events,
    list_transform(
        list_slice(list_sort(list({'heat': -level, 'time': time, 'uid': event_uid})), 1, 4),
        lambda each: [CAST(each.heat AS VARCHAR), CAST(each.time AS VARCHAR), each.uid]
    ) AS sample
FROM (SELECT *, unnest(techniques) AS technique FROM slice_hot)
WHERE technique <> ''
GROUP BY technique
ORDER BY first, technique
