-- What the ledger says of each tenant.
SELECT tenant_uid AS tenant, sum(accepted)::BIGINT AS accepted, sum(duplicate)::BIGINT AS duplicate,
    sum(rejected)::BIGINT AS rejected, max(loaded_at) AS last_load
FROM sources GROUP BY tenant_uid ORDER BY tenant_uid
