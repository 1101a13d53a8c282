-- How many events of a tenant and window there are, and when the last of them was loaded.
SELECT count(*) AS events, CAST(max(ingested_at) AS VARCHAR) AS loaded_until
FROM lake.events
WHERE tenant_uid = $tenant
    AND ($start IS NULL OR time >= CAST($start AS TIMESTAMP))
    AND ($stop IS NULL OR time < CAST($stop AS TIMESTAMP))
