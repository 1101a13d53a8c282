-- The host of an event under one name, however its record spells it.
CASE WHEN device_host IS NULL OR device_host = '' THEN coalesce(src_ip, device_ip)
    ELSE lower(split_part(device_host, '.', 1)) END
