-- A call as it is known now: what figures drill down to.
CREATE TABLE calls{g} (
    call_id          BLOB NOT NULL,
    direction        TEXT NOT NULL,
    state            TEXT NOT NULL,
    customer_id      BLOB,
    lead_id          BLOB,
    campaign_id      BLOB,
    agent_id         BLOB,
    team             TEXT,
    queue            TEXT,
    product          TEXT,
    industry         TEXT,
    line             TEXT,
    number           TEXT,
    priority         INTEGER,
    attributes       TEXT NOT NULL,
    started_at       INTEGER NOT NULL,
    dialed_at        INTEGER,
    first_in_slot    INTEGER NOT NULL,
    answered_at      INTEGER,
    answerer         TEXT,
    queued_at        INTEGER,
    waited_ms        INTEGER,
    bridged_at       INTEGER,
    held_at          INTEGER,
    hold_ms          INTEGER NOT NULL,
    ended_at         INTEGER,
    cause            TEXT,
    talk_ms          INTEGER,
    wrap_ms          INTEGER,
    suppressed_by    TEXT,
    bridge_within_ms INTEGER,
    abandoned        INTEGER NOT NULL,
    slot_hour        INTEGER,
    slot_weekend     INTEGER,
    slot_chance      REAL,
    slot_least       REAL,
    disposition      TEXT,
    right_party      INTEGER,
    sale             INTEGER,
    do_not_call      INTEGER,
    callback_at      INTEGER,
    note             TEXT,
    dispositioned_by TEXT,
    known_from       INTEGER NOT NULL,
    position         INTEGER NOT NULL,
    PRIMARY KEY (call_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_by_started_at{g} ON calls{g} (started_at, call_id);
CREATE INDEX calls_by_agent_id{g} ON calls{g} (agent_id, started_at, call_id);
CREATE INDEX calls_by_campaign_id{g} ON calls{g} (campaign_id, started_at, call_id);

-- What was known of a call before: for figures as they were known at a time.
CREATE TABLE call_history{g} (
    started_at  INTEGER NOT NULL,
    call_id     BLOB NOT NULL,
    known_from  INTEGER NOT NULL,
    known_until INTEGER NOT NULL,
    dimensions  TEXT NOT NULL,
    sums        TEXT NOT NULL,
    PRIMARY KEY (started_at, call_id, known_from)
) STRICT, WITHOUT ROWID;

-- An agent's team and presence, for the dimensions of calls and the agents' time.
CREATE TABLE kpi_agents{g} (
    agent_id BLOB NOT NULL,
    team     TEXT,
    presence TEXT NOT NULL,
    since    INTEGER NOT NULL,
    PRIMARY KEY (agent_id)
) STRICT, WITHOUT ROWID;

-- A time that an agent spent in one state, once it is over.
CREATE TABLE agent_intervals{g} (
    started_at INTEGER NOT NULL,
    agent_id   BLOB NOT NULL,
    ended_at   INTEGER NOT NULL,
    presence   TEXT NOT NULL,
    team       TEXT,
    known_from INTEGER NOT NULL,
    PRIMARY KEY (started_at, agent_id)
) STRICT, WITHOUT ROWID;

-- When a lead was dialed last, so that redials within one hour are counted once.
CREATE TABLE kpi_leads{g} (
    lead_id   BLOB NOT NULL,
    last_slot INTEGER NOT NULL,
    PRIMARY KEY (lead_id)
) STRICT, WITHOUT ROWID;

-- Something that happened to a lead and that figures count.
CREATE TABLE lead_marks{g} (
    occurred_at INTEGER NOT NULL,
    lead_id     BLOB NOT NULL,
    mark        TEXT NOT NULL,
    campaign_id BLOB,
    known_from  INTEGER NOT NULL,
    PRIMARY KEY (occurred_at, lead_id, mark)
) STRICT, WITHOUT ROWID;

-- The sums of one window for one combination of dimensions.
CREATE TABLE kpi_rollups{g} (
    granularity            TEXT NOT NULL,
    window_start           INTEGER NOT NULL,
    agent_id               BLOB NOT NULL,
    team                   TEXT NOT NULL,
    campaign_id            BLOB NOT NULL,
    queue                  TEXT NOT NULL,
    product                TEXT NOT NULL,
    industry               TEXT NOT NULL,
    calls                  INTEGER NOT NULL,
    inbound                INTEGER NOT NULL,
    outbound               INTEGER NOT NULL,
    phantoms               INTEGER NOT NULL,
    queue_entries          INTEGER NOT NULL,
    queue_entry_wait_ms    INTEGER NOT NULL,
    queued                 INTEGER NOT NULL,
    queue_wait_ms          INTEGER NOT NULL,
    queue_answered         INTEGER NOT NULL,
    queue_answered_wait_ms INTEGER NOT NULL,
    queue_abandoned        INTEGER NOT NULL,
    answered_in_10s        INTEGER NOT NULL,
    answered_in_20s        INTEGER NOT NULL,
    answered_in_30s        INTEGER NOT NULL,
    answered_in_60s        INTEGER NOT NULL,
    abandoned_in_10s       INTEGER NOT NULL,
    abandoned_in_20s       INTEGER NOT NULL,
    abandoned_in_30s       INTEGER NOT NULL,
    abandoned_in_60s       INTEGER NOT NULL,
    answered               INTEGER NOT NULL,
    answered_unnamed       INTEGER NOT NULL,
    hung_up                INTEGER NOT NULL,
    handled                INTEGER NOT NULL,
    talk_ms                INTEGER NOT NULL,
    hold_ms                INTEGER NOT NULL,
    wrap_ms                INTEGER NOT NULL,
    dials                  INTEGER NOT NULL,
    dial_slots             INTEGER NOT NULL,
    human_answers          INTEGER NOT NULL,
    machine_answers        INTEGER NOT NULL,
    dials_abandoned        INTEGER NOT NULL,
    dials_passed           INTEGER NOT NULL,
    right_party            INTEGER NOT NULL,
    dial_right_party       INTEGER NOT NULL,
    sales                  INTEGER NOT NULL,
    dial_sales             INTEGER NOT NULL,
    do_not_call            INTEGER NOT NULL,
    no_answers             INTEGER NOT NULL,
    busies                 INTEGER NOT NULL,
    invalid_numbers        INTEGER NOT NULL,
    failures               INTEGER NOT NULL,
    suppressed             INTEGER NOT NULL,
    wasted                 INTEGER NOT NULL,
    leads                  INTEGER NOT NULL,
    leads_dialed           INTEGER NOT NULL,
    available_ms           INTEGER NOT NULL,
    paused_ms              INTEGER NOT NULL,
    ringing_ms             INTEGER NOT NULL,
    talking_ms             INTEGER NOT NULL,
    holding_ms             INTEGER NOT NULL,
    wrapping_ms            INTEGER NOT NULL,
    PRIMARY KEY (granularity, window_start, agent_id, team, campaign_id, queue, product, industry)
) STRICT, WITHOUT ROWID;

-- What an agent has achieved in connected calls that are over.
CREATE TABLE agent_achievements{g} (
    agent_id         BLOB NOT NULL,
    calls            INTEGER NOT NULL,
    sales            INTEGER NOT NULL,
    handle_s         INTEGER NOT NULL,
    handle_s_squares INTEGER NOT NULL,
    by_product       TEXT NOT NULL,
    by_industry      TEXT NOT NULL,
    position         INTEGER NOT NULL,
    PRIMARY KEY (agent_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_achievements_by_position{g} ON agent_achievements{g} (position, agent_id);

-- How often an agent has spoken with a customer, and what came of it.
CREATE TABLE customer_agents{g} (
    customer_id BLOB NOT NULL,
    agent_id    BLOB NOT NULL,
    calls       INTEGER NOT NULL,
    sales       INTEGER NOT NULL,
    refusals    INTEGER NOT NULL,
    PRIMARY KEY (customer_id, agent_id)
) STRICT, WITHOUT ROWID;

-- How many dials of a campaign were answered by a person, by the hour of the customer's day.
CREATE TABLE answers{g} (
    campaign_id BLOB NOT NULL,
    weekend     INTEGER NOT NULL,
    hour        INTEGER NOT NULL,
    dials       INTEGER NOT NULL,
    answered    INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, weekend, hour)
) STRICT, WITHOUT ROWID;
