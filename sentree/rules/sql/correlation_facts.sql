-- The fields of the staged chunk's events of one log source.
INSERT INTO correlation_facts
SELECT {source}, event_uid, CAST([{texts}] AS VARCHAR[])
FROM (SELECT *, {raw} AS r, {event} AS o FROM sigma_chunk WHERE {member})
