CREATE OR REPLACE TEMP TABLE given_matches AS
SELECT given.* FROM (
    SELECT unnest(from_json(?, '[{
        "detection_uid": "VARCHAR", "tenant_uid": "VARCHAR", "rule_sha256": "VARCHAR",
        "pack": "VARCHAR", "pack_version": "VARCHAR", "matches": "VARCHAR"
    }]')) AS given
);
