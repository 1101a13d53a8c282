    -- The host behind an address, where it had only one.
    SELECT ip, min(name) AS name FROM (${endpoints}) GROUP BY ip HAVING count(*) = 1
