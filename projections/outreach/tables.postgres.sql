CREATE TABLE campaigns{g} (
    campaign_id  uuid NOT NULL,
    name         text NOT NULL,
    state        text NOT NULL,
    state_since  timestamptz NOT NULL,
    mode         text NOT NULL,
    product      text,
    queue        text,
    script       text,
    attempts     jsonb NOT NULL,
    hours        jsonb NOT NULL,
    jurisdiction text NOT NULL,
    purpose      text NOT NULL,
    created_at   timestamptz NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (campaign_id)
);
COMMENT ON TABLE campaigns{g} IS 'A campaign as it stands.';
COMMENT ON COLUMN campaigns{g}.campaign_id IS 'The campaign.';
COMMENT ON COLUMN campaigns{g}.name IS 'What it is called.';
COMMENT ON COLUMN campaigns{g}.state IS 'How far it has come.';
COMMENT ON COLUMN campaigns{g}.state_since IS 'Since when.';
COMMENT ON COLUMN campaigns{g}.mode IS 'How calls are started.';
COMMENT ON COLUMN campaigns{g}.product IS 'What is sold.';
COMMENT ON COLUMN campaigns{g}.queue IS 'The queue that its answered calls wait in.';
COMMENT ON COLUMN campaigns{g}.script IS 'What agents say.';
COMMENT ON COLUMN campaigns{g}.attempts IS 'How often and how soon a lead is tried.';
COMMENT ON COLUMN campaigns{g}.hours IS 'When customers may be called.';
COMMENT ON COLUMN campaigns{g}.jurisdiction IS 'Whose law holds, ISO 3166.';
COMMENT ON COLUMN campaigns{g}.purpose IS 'What its customers are called for.';
COMMENT ON COLUMN campaigns{g}.created_at IS 'When it was drawn up.';
COMMENT ON COLUMN campaigns{g}.position IS 'The event that changed it last.';

CREATE TABLE leads{g} (
    lead_id        uuid NOT NULL,
    campaign_id    uuid NOT NULL,
    customer_id    uuid NOT NULL,
    state          text NOT NULL,
    state_since    timestamptz NOT NULL,
    priority       bigint NOT NULL,
    attempts       bigint NOT NULL,
    recycled       bigint NOT NULL,
    last_call_id   uuid,
    last_called_at timestamptz,
    last_outcome   text,
    hold_until     timestamptz,
    outcome        text,
    block_reason   text,
    attributes     jsonb NOT NULL,
    added_at       timestamptz NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (lead_id)
);
COMMENT ON TABLE leads{g} IS 'One customer in one campaign, as it stands.';
COMMENT ON COLUMN leads{g}.lead_id IS 'The lead.';
COMMENT ON COLUMN leads{g}.campaign_id IS 'The campaign.';
COMMENT ON COLUMN leads{g}.customer_id IS 'The customer.';
COMMENT ON COLUMN leads{g}.state IS 'How far it has come.';
COMMENT ON COLUMN leads{g}.state_since IS 'Since when.';
COMMENT ON COLUMN leads{g}.priority IS 'Higher goes first.';
COMMENT ON COLUMN leads{g}.attempts IS 'Calls made.';
COMMENT ON COLUMN leads{g}.recycled IS 'How often it was brought back to the list.';
COMMENT ON COLUMN leads{g}.last_call_id IS 'The last call.';
COMMENT ON COLUMN leads{g}.last_called_at IS 'When it was made.';
COMMENT ON COLUMN leads{g}.last_outcome IS 'How the last attempt ended.';
COMMENT ON COLUMN leads{g}.hold_until IS 'Until when it rests.';
COMMENT ON COLUMN leads{g}.outcome IS 'How it ended.';
COMMENT ON COLUMN leads{g}.block_reason IS 'Why it must not be called.';
COMMENT ON COLUMN leads{g}.attributes IS 'Further values in the words of the source.';
COMMENT ON COLUMN leads{g}.added_at IS 'When it was put on the list.';
COMMENT ON COLUMN leads{g}.position IS 'The event that changed it last.';
CREATE INDEX leads_by_campaign_id{g} ON leads{g} (campaign_id, lead_id);
CREATE INDEX leads_by_customer_id{g} ON leads{g} (customer_id);
-- The order in which leads are dialed, and calls that were promised, which go first.
CREATE INDEX leads_to_dial{g} ON leads{g} (campaign_id, priority DESC, attempts, state_since, lead_id)
    WHERE state IN ('NEW', 'READY', 'QUEUED', 'ON_HOLD');
CREATE INDEX leads_promised{g} ON leads{g} (campaign_id, hold_until, lead_id)
    WHERE state = 'ON_HOLD' AND last_outcome = 'callback';

CREATE TABLE lead_counts{g} (
    campaign_id uuid NOT NULL,
    state       text NOT NULL,
    leads       bigint NOT NULL,
    PRIMARY KEY (campaign_id, state)
);
COMMENT ON TABLE lead_counts{g} IS 'How many leads of a campaign stand where, kept as sums.';
COMMENT ON COLUMN lead_counts{g}.campaign_id IS 'The campaign.';
COMMENT ON COLUMN lead_counts{g}.state IS 'The state.';
COMMENT ON COLUMN lead_counts{g}.leads IS 'How many leads.';
