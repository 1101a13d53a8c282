-- The hosts that used an address.
SELECT DISTINCT name FROM (${endpoints}) WHERE ip = $$ip ORDER BY name LIMIT 16
