-- Who a customer is, with counts and the last contact.
CREATE TABLE customers{g} (
    customer_id            BLOB NOT NULL,
    kind                   TEXT NOT NULL,
    name                   TEXT,
    language               TEXT,
    region                 TEXT,
    time_zone              TEXT,
    industry               TEXT,
    scale                  TEXT,
    attributes             TEXT NOT NULL,
    features               TEXT NOT NULL,
    owner_id               BLOB,
    owner_since            INTEGER,
    scores                 TEXT NOT NULL,
    insight                TEXT,
    insight_at             INTEGER,
    insight_interaction_id BLOB,
    refuses_automated_decisions INTEGER NOT NULL,
    erased_at              INTEGER,
    calls                  INTEGER NOT NULL,
    calls_answered         INTEGER NOT NULL,
    interactions           INTEGER NOT NULL,
    tasks                  INTEGER NOT NULL,
    tasks_open             INTEGER NOT NULL,
    first_contact_at       INTEGER,
    last_contact_at        INTEGER,
    last_contact_channel   TEXT,
    last_agent_id          BLOB,
    last_call_id           BLOB,
    sales                  INTEGER NOT NULL,
    last_outcome           TEXT,
    last_outcome_at        INTEGER,
    registered_at          INTEGER NOT NULL,
    changed_at             INTEGER NOT NULL,
    position               INTEGER NOT NULL,
    PRIMARY KEY (customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX customers_by_owner_id{g} ON customers{g} (owner_id, customer_id);

-- One identifier of one customer.
CREATE TABLE customer_identifiers{g} (
    customer_id   BLOB NOT NULL,
    identifier_id BLOB NOT NULL,
    kind          TEXT NOT NULL,
    value         TEXT,
    linked_at     INTEGER NOT NULL,
    position      INTEGER NOT NULL,
    PRIMARY KEY (customer_id, identifier_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_identifiers_by_identifier_id{g} ON customer_identifiers{g} (identifier_id);

-- What a customer agreed to for one purpose on one channel.
CREATE TABLE customer_consents{g} (
    customer_id BLOB NOT NULL,
    purpose     TEXT NOT NULL,
    channel     TEXT NOT NULL,
    state       TEXT NOT NULL,
    evidence    TEXT,
    until       INTEGER,
    reason      TEXT,
    since       INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    PRIMARY KEY (customer_id, purpose, channel)
) STRICT, WITHOUT ROWID;

-- One entry of a customer's timeline. What it is about is read from that thing's own table.
CREATE TABLE customer_timeline{g} (
    customer_id BLOB NOT NULL,
    occurred_at INTEGER NOT NULL,
    entry_id    BLOB NOT NULL,
    kind        TEXT NOT NULL,
    channel     TEXT,
    direction   TEXT,
    position    INTEGER NOT NULL,
    PRIMARY KEY (customer_id, occurred_at, entry_id)
) STRICT, WITHOUT ROWID;

-- Something that was said or done on some channel.
CREATE TABLE interactions{g} (
    interaction_id BLOB NOT NULL,
    customer_id    BLOB NOT NULL,
    channel        TEXT NOT NULL,
    direction      TEXT NOT NULL,
    agent_id       BLOB,
    call_id        BLOB,
    subject        TEXT,
    body           TEXT,
    attributes     TEXT NOT NULL,
    insight        TEXT,
    occurred_at    INTEGER NOT NULL,
    position       INTEGER NOT NULL,
    PRIMARY KEY (interaction_id)
) STRICT, WITHOUT ROWID;
