CREATE TABLE customers{g} (
    customer_id            uuid NOT NULL,
    kind                   text NOT NULL,
    name                   text,
    language               text,
    region                 text,
    time_zone              text,
    industry               text,
    scale                  text,
    attributes             jsonb NOT NULL,
    features               jsonb NOT NULL,
    owner_id               uuid,
    owner_since            timestamptz,
    scores                 jsonb NOT NULL,
    insight                jsonb,
    insight_at             timestamptz,
    insight_interaction_id uuid,
    refuses_automated_decisions boolean NOT NULL,
    erased_at              timestamptz,
    calls                  bigint NOT NULL,
    calls_answered         bigint NOT NULL,
    interactions           bigint NOT NULL,
    tasks                  bigint NOT NULL,
    tasks_open             bigint NOT NULL,
    first_contact_at       timestamptz,
    last_contact_at        timestamptz,
    last_contact_channel   text,
    last_agent_id          uuid,
    last_call_id           uuid,
    sales                  bigint NOT NULL,
    last_outcome           text,
    last_outcome_at        timestamptz,
    registered_at          timestamptz NOT NULL,
    changed_at             timestamptz NOT NULL,
    position               bigint NOT NULL,
    PRIMARY KEY (customer_id)
);
COMMENT ON TABLE customers{g} IS 'Who a customer is, with counts and the last contact.';
COMMENT ON COLUMN customers{g}.customer_id IS 'The customer.';
COMMENT ON COLUMN customers{g}.kind IS 'What sort of customer.';
COMMENT ON COLUMN customers{g}.name IS 'The name, where it is known.';
COMMENT ON COLUMN customers{g}.language IS 'The language to speak, BCP 47.';
COMMENT ON COLUMN customers{g}.region IS 'Where the customer is, ISO 3166.';
COMMENT ON COLUMN customers{g}.time_zone IS 'The IANA time zone that calling hours are judged in.';
COMMENT ON COLUMN customers{g}.industry IS 'The line of business.';
COMMENT ON COLUMN customers{g}.scale IS 'The size class, in the words of the source.';
COMMENT ON COLUMN customers{g}.attributes IS 'Further values in the words of the source.';
COMMENT ON COLUMN customers{g}.features IS 'Values for models, the latest of each name.';
COMMENT ON COLUMN customers{g}.owner_id IS 'The agent who is responsible.';
COMMENT ON COLUMN customers{g}.owner_since IS 'Since when.';
COMMENT ON COLUMN customers{g}.scores IS 'The latest score of each model and product.';
COMMENT ON COLUMN customers{g}.insight IS 'What was understood last about the customer''s needs.';
COMMENT ON COLUMN customers{g}.insight_at IS 'When it was understood.';
COMMENT ON COLUMN customers{g}.insight_interaction_id IS 'The interaction it comes from.';
COMMENT ON COLUMN customers{g}.refuses_automated_decisions IS 'Whether the customer has opted out of automated decisions.';
COMMENT ON COLUMN customers{g}.erased_at IS 'When the customer was erased.';
COMMENT ON COLUMN customers{g}.calls IS 'Calls with the customer, phantoms included.';
COMMENT ON COLUMN customers{g}.calls_answered IS 'Calls that an agent answered.';
COMMENT ON COLUMN customers{g}.interactions IS 'Interactions on any channel.';
COMMENT ON COLUMN customers{g}.tasks IS 'Tasks ever opened.';
COMMENT ON COLUMN customers{g}.tasks_open IS 'Tasks that are not at an end.';
COMMENT ON COLUMN customers{g}.first_contact_at IS 'When there was contact first.';
COMMENT ON COLUMN customers{g}.last_contact_at IS 'When there was contact last.';
COMMENT ON COLUMN customers{g}.last_contact_channel IS 'On which channel.';
COMMENT ON COLUMN customers{g}.last_agent_id IS 'The agent who spoke with the customer last.';
COMMENT ON COLUMN customers{g}.last_call_id IS 'The last call.';
COMMENT ON COLUMN customers{g}.sales IS 'Calls with a sale.';
COMMENT ON COLUMN customers{g}.last_outcome IS 'The wrap-up code of the last call that has one.';
COMMENT ON COLUMN customers{g}.last_outcome_at IS 'When it was given.';
COMMENT ON COLUMN customers{g}.registered_at IS 'When the customer became known.';
COMMENT ON COLUMN customers{g}.changed_at IS 'When anything here changed last, in event time.';
COMMENT ON COLUMN customers{g}.position IS 'The event that changed it last.';
CREATE INDEX customers_by_owner_id{g} ON customers{g} (owner_id, customer_id);

CREATE TABLE customer_identifiers{g} (
    customer_id   uuid NOT NULL,
    identifier_id uuid NOT NULL,
    kind          text NOT NULL,
    value         text,
    linked_at     timestamptz NOT NULL,
    position      bigint NOT NULL,
    PRIMARY KEY (customer_id, identifier_id)
);
COMMENT ON TABLE customer_identifiers{g} IS 'One identifier of one customer.';
COMMENT ON COLUMN customer_identifiers{g}.customer_id IS 'Whose.';
COMMENT ON COLUMN customer_identifiers{g}.identifier_id IS 'The claim: a hash of kind and value, by which the identifier is looked up.';
COMMENT ON COLUMN customer_identifiers{g}.kind IS 'What sort of identifier.';
COMMENT ON COLUMN customer_identifiers{g}.value IS 'Its normalised value.';
COMMENT ON COLUMN customer_identifiers{g}.linked_at IS 'Since when it is known.';
COMMENT ON COLUMN customer_identifiers{g}.position IS 'The event that linked it.';
CREATE INDEX customer_identifiers_by_identifier_id{g} ON customer_identifiers{g} (identifier_id);

CREATE TABLE customer_consents{g} (
    customer_id uuid NOT NULL,
    purpose     text NOT NULL,
    channel     text NOT NULL,
    state       text NOT NULL,
    evidence    text,
    until       timestamptz,
    reason      text,
    since       timestamptz NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (customer_id, purpose, channel)
);
COMMENT ON TABLE customer_consents{g} IS 'What a customer agreed to for one purpose on one channel.';
COMMENT ON COLUMN customer_consents{g}.customer_id IS 'Whose.';
COMMENT ON COLUMN customer_consents{g}.purpose IS 'For what.';
COMMENT ON COLUMN customer_consents{g}.channel IS 'On which channel.';
COMMENT ON COLUMN customer_consents{g}.state IS 'How it stands.';
COMMENT ON COLUMN customer_consents{g}.evidence IS 'What proves a grant.';
COMMENT ON COLUMN customer_consents{g}.until IS 'Until when the grant or the suppression holds.';
COMMENT ON COLUMN customer_consents{g}.reason IS 'The customer''s reason for a refusal, or the rule of a suppression.';
COMMENT ON COLUMN customer_consents{g}.since IS 'Since when it stands so.';
COMMENT ON COLUMN customer_consents{g}.position IS 'The event that made it so.';

CREATE TABLE customer_timeline{g} (
    customer_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    entry_id    uuid NOT NULL,
    kind        text NOT NULL,
    channel     text,
    direction   text,
    position    bigint NOT NULL,
    PRIMARY KEY (customer_id, occurred_at, entry_id)
);
COMMENT ON TABLE customer_timeline{g} IS 'One entry of a customer''s timeline. What it is about is read from that thing''s own table.';
COMMENT ON COLUMN customer_timeline{g}.customer_id IS 'Whose.';
COMMENT ON COLUMN customer_timeline{g}.occurred_at IS 'When it began, in event time.';
COMMENT ON COLUMN customer_timeline{g}.entry_id IS 'The id of the call, interaction or task.';
COMMENT ON COLUMN customer_timeline{g}.kind IS 'What sort of thing it is.';
COMMENT ON COLUMN customer_timeline{g}.channel IS 'On which channel; absent for tasks.';
COMMENT ON COLUMN customer_timeline{g}.direction IS 'Who began it; absent for tasks.';
COMMENT ON COLUMN customer_timeline{g}.position IS 'The event that began it.';

CREATE TABLE interactions{g} (
    interaction_id uuid NOT NULL,
    customer_id    uuid NOT NULL,
    channel        text NOT NULL,
    direction      text NOT NULL,
    agent_id       uuid,
    call_id        uuid,
    subject        text,
    body           text,
    attributes     jsonb NOT NULL,
    insight        jsonb,
    occurred_at    timestamptz NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (interaction_id)
);
COMMENT ON TABLE interactions{g} IS 'Something that was said or done on some channel.';
COMMENT ON COLUMN interactions{g}.interaction_id IS 'The interaction.';
COMMENT ON COLUMN interactions{g}.customer_id IS 'By or to whom.';
COMMENT ON COLUMN interactions{g}.channel IS 'On which channel.';
COMMENT ON COLUMN interactions{g}.direction IS 'Who began it.';
COMMENT ON COLUMN interactions{g}.agent_id IS 'The agent who took part.';
COMMENT ON COLUMN interactions{g}.call_id IS 'The call that it was.';
COMMENT ON COLUMN interactions{g}.subject IS 'What it was about.';
COMMENT ON COLUMN interactions{g}.body IS 'What was said.';
COMMENT ON COLUMN interactions{g}.attributes IS 'Further values in the words of the source.';
COMMENT ON COLUMN interactions{g}.insight IS 'What was understood of it.';
COMMENT ON COLUMN interactions{g}.occurred_at IS 'When it happened.';
COMMENT ON COLUMN interactions{g}.position IS 'The event that changed it last.';
