-- The mapped events of one route; {mapped} is compiled from its mapper.
SELECT
    seq.seq,
    seq.source_uid,
    seq.source_line,
    $route AS mapper,
    seq.raw,
    seq.shape,
    seq.notes,
    seq.event_uid,
    time,
    event,
    issues
FROM ({mapped})
