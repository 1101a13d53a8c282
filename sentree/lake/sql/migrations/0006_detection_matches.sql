-- Which pack a rule came from; what of each detection's event the rule matched, and by which text.
ALTER TABLE rules ADD COLUMN pack VARCHAR;
ALTER TABLE rules ADD COLUMN pack_version VARCHAR;
CREATE TABLE detection_matches (
    detection_uid VARCHAR,
    tenant_uid VARCHAR,
    rule_sha256 VARCHAR,
    pack VARCHAR,
    pack_version VARCHAR,
    matches VARCHAR
);
