-- A task as it stands.
CREATE TABLE tasks{g} (
    task_id        BLOB NOT NULL,
    kind           TEXT NOT NULL,
    title          TEXT,
    state          TEXT NOT NULL,
    state_since    INTEGER NOT NULL,
    customer_id    BLOB,
    call_id        BLOB,
    lead_id        BLOB,
    agent_id       BLOB,
    team           TEXT,
    reservation_id BLOB,
    due_at         INTEGER,
    due_order      INTEGER NOT NULL,
    priority       INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    last_error     TEXT,
    retry_at       INTEGER,
    blocked_reason TEXT,
    result         TEXT,
    stuck          INTEGER NOT NULL,
    stuck_at       INTEGER,
    opened_at      INTEGER NOT NULL,
    closed_at      INTEGER,
    version        INTEGER NOT NULL,
    position       INTEGER NOT NULL,
    PRIMARY KEY (task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_by_state{g} ON tasks{g} (state, due_order, task_id);
CREATE INDEX tasks_by_agent_id{g} ON tasks{g} (agent_id, due_order, task_id);

-- One step in a task's history.
CREATE TABLE task_transitions{g} (
    task_id     BLOB NOT NULL,
    version     INTEGER NOT NULL,
    event       TEXT NOT NULL,
    from_state  TEXT,
    to_state    TEXT NOT NULL,
    agent_id    BLOB,
    detail      TEXT,
    actor       TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    PRIMARY KEY (task_id, version)
) STRICT, WITHOUT ROWID;

-- How many tasks stand where, kept as sums.
CREATE TABLE task_counts{g} (
    team     TEXT NOT NULL,
    agent_id BLOB NOT NULL,
    state    TEXT NOT NULL,
    tasks    INTEGER NOT NULL,
    stuck    INTEGER NOT NULL,
    PRIMARY KEY (team, agent_id, state)
) STRICT, WITHOUT ROWID;
