-- The mapped events of one route; {mapped} is compiled from its mapper.
INSERT INTO staged_events SELECT seq, time, event, issues FROM ({mapped})
