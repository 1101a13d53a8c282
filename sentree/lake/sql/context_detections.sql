-- The detections on events of the slice.
CREATE TABLE slice.detections AS
SELECT d.*
FROM ({now}) AS d
SEMI JOIN slice.events AS e ON d.event_uid = e.event_uid
WHERE d.tenant_uid = $tenant
ORDER BY d.time, d.event_uid, d.detection_uid
