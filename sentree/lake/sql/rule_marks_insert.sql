INSERT INTO rule_marks
SELECT CAST(? AS VARCHAR), mark.key, mark.rule_uid, mark.snapshot, mark.events, mark.fields
FROM (
    SELECT unnest(from_json(?, '[{
        "key": "VARCHAR", "rule_uid": "VARCHAR", "snapshot": "BIGINT", "events": "BIGINT", "fields": ["VARCHAR"]
    }]')) AS mark
);
