-- The events that a look is taken at: those of some tenants, of a window where there is one.
SELECT * FROM (FROM events AT (VERSION => {snapshot}))
WHERE list_contains(CAST($tenants AS VARCHAR[]), tenant_uid){window}
