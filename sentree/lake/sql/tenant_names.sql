-- Names that are the tenant's own: its machines and the domains they and its people stand in.
SELECT lower(device_host) AS name FROM slice_events WHERE device_host <> ''
UNION
SELECT lower(json_extract_string(event, '$.src_endpoint.hostname')) AS name
FROM slice_events
WHERE {private} AND contains(event, '"src_endpoint"')
UNION
SELECT lower(split_part(json_extract_string(event, '$.user.email_addr'), '@', 2)) AS name
FROM slice_events WHERE contains(event, '"email_addr"') AND class_uid BETWEEN 3000 AND 3999
