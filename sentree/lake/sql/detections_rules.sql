CREATE OR REPLACE TEMP TABLE given_rules AS
SELECT given.* FROM (
    SELECT unnest(from_json(?, '[{
        "rule_uid": "VARCHAR", "title": "VARCHAR", "author": "VARCHAR", "level": "VARCHAR",
        "status": "VARCHAR", "description": "VARCHAR", "path": "VARCHAR",
        "content_sha256": "VARCHAR", "techniques": ["VARCHAR"], "tactics": ["VARCHAR"],
        "pack": "VARCHAR", "pack_version": "VARCHAR"
    }]')) AS given
);
