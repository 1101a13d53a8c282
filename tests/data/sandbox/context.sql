-- A slice as an export makes it, small, with one table that is on no list.
CREATE TABLE events AS
SELECT
    printf('%032x', i) AS event_uid,
    'acme' AS tenant_uid,
    TIMESTAMP '2026-01-02 00:00:00' + INTERVAL (i) MINUTE AS time,
    'ws' || (i % 7)::VARCHAR AS host,
    'user' || (i % 5)::VARCHAR AS actor_user,
    '10.0.' || (i % 3)::VARCHAR || '.' || (i % 200)::VARCHAR AS src_ip,
    1001 + (i % 4) AS class_uid,
    i AS source_line,
    ['10.0.0.1', 'evil.example'] AS observables,
    '{"process":{"name":"cmd.exe","pid":' || i || '},"tags":["a","b"]}' AS event,
    'line ' || i || ' cmd.exe /c whoami' AS raw,
    CASE WHEN i % 10 = 0 THEN 4 ELSE 1 END AS severity_id
FROM range(2000) AS r(i);
CREATE TABLE detections AS
SELECT 'd' || i AS detection_uid, 'rule' || (i % 3) AS rule_uid, ['T1059'] AS techniques,
    'high' AS level, printf('%032x', i * 10) AS event_uid,
    TIMESTAMP '2026-01-02 00:00:00' + INTERVAL (i * 10) MINUTE AS time
FROM range(100) AS r(i);
CREATE TABLE other_tenant AS SELECT 'CANARY-other-tenant' AS secret;
