-- Answered calls, what runs were charged, and batches that are still out.
CREATE TABLE IF NOT EXISTS model_calls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    run_uid TEXT NOT NULL,
    node_uid TEXT NOT NULL,
    model TEXT NOT NULL,
    request TEXT NOT NULL,
    reply TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    milliseconds REAL NOT NULL,
    simulated INTEGER NOT NULL,
    stored_at TEXT NOT NULL,
    UNIQUE (key, run_uid)
);
CREATE INDEX IF NOT EXISTS model_calls_of_run ON model_calls (run_uid, seq);
CREATE TABLE IF NOT EXISTS model_charges (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_uid TEXT NOT NULL,
    key TEXT NOT NULL,
    node_uid TEXT NOT NULL,
    reason TEXT NOT NULL,
    calls INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    nano_usd INTEGER NOT NULL,
    charged_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS model_charges_of_run ON model_charges (run_uid);
CREATE TABLE IF NOT EXISTS model_batches (
    run_uid TEXT NOT NULL,
    batch_uid TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (run_uid, batch_uid, key)
);
CREATE TABLE IF NOT EXISTS model_batch_plans (
    run_uid TEXT NOT NULL,
    keys TEXT NOT NULL,
    planned_at TEXT NOT NULL,
    PRIMARY KEY (run_uid, keys)
);
CREATE TABLE IF NOT EXISTS node_states (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_uid TEXT NOT NULL,
    node_uid TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    session_sha256 TEXT,
    stored_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS node_states_of_node ON node_states (run_uid, node_uid, seq);
