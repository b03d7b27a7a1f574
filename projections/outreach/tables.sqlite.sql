-- A campaign as it stands.
CREATE TABLE campaigns{g} (
    campaign_id  BLOB NOT NULL,
    name         TEXT NOT NULL,
    state        TEXT NOT NULL,
    state_since  INTEGER NOT NULL,
    mode         TEXT NOT NULL,
    product      TEXT,
    queue        TEXT,
    script       TEXT,
    attempts     TEXT NOT NULL,
    hours        TEXT NOT NULL,
    jurisdiction TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    PRIMARY KEY (campaign_id)
) STRICT, WITHOUT ROWID;

-- One customer in one campaign, as it stands.
CREATE TABLE leads{g} (
    lead_id        BLOB NOT NULL,
    campaign_id    BLOB NOT NULL,
    customer_id    BLOB NOT NULL,
    state          TEXT NOT NULL,
    state_since    INTEGER NOT NULL,
    priority       INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    recycled       INTEGER NOT NULL,
    last_call_id   BLOB,
    last_called_at INTEGER,
    last_outcome   TEXT,
    hold_until     INTEGER,
    outcome        TEXT,
    block_reason   TEXT,
    attributes     TEXT NOT NULL,
    added_at       INTEGER NOT NULL,
    position       INTEGER NOT NULL,
    PRIMARY KEY (lead_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX leads_by_campaign_id{g} ON leads{g} (campaign_id, lead_id);
CREATE INDEX leads_by_customer_id{g} ON leads{g} (customer_id);
-- The order in which leads are dialed, and calls that were promised, which go first.
CREATE INDEX leads_to_dial{g} ON leads{g} (campaign_id, priority DESC, attempts, state_since, lead_id)
    WHERE state IN ('NEW', 'READY', 'QUEUED', 'ON_HOLD');
CREATE INDEX leads_promised{g} ON leads{g} (campaign_id, hold_until, lead_id)
    WHERE state = 'ON_HOLD' AND last_outcome = 'callback';

-- How many leads of a campaign stand where, kept as sums.
CREATE TABLE lead_counts{g} (
    campaign_id BLOB NOT NULL,
    state       TEXT NOT NULL,
    leads       INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, state)
) STRICT, WITHOUT ROWID;
