-- What trials measured; the columns before `trial` are copies of its fields, for queries.
CREATE TABLE IF NOT EXISTS eval_results (
    trial_uid VARCHAR,
    experiment VARCHAR,
    task VARCHAR,
    case_uid VARCHAR,
    size_tokens BIGINT,
    path VARCHAR,
    model VARCHAR,
    seed BIGINT,
    score DOUBLE,
    outcome VARCHAR,
    usd DOUBLE,
    simulated BOOLEAN,
    stored_at TIMESTAMP,
    trial VARCHAR
);
