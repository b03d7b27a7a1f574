CREATE TABLE calls{g} (
    call_id          uuid NOT NULL,
    direction        text NOT NULL,
    state            text NOT NULL,
    customer_id      uuid,
    lead_id          uuid,
    campaign_id      uuid,
    agent_id         uuid,
    team             text,
    queue            text,
    product          text,
    industry         text,
    line             text,
    number           text,
    priority         bigint,
    attributes       jsonb NOT NULL,
    started_at       timestamptz NOT NULL,
    dialed_at        timestamptz,
    first_in_slot    boolean NOT NULL,
    answered_at      timestamptz,
    answerer         text,
    queued_at        timestamptz,
    waited_ms        bigint,
    bridged_at       timestamptz,
    held_at          timestamptz,
    hold_ms          bigint NOT NULL,
    ended_at         timestamptz,
    cause            text,
    talk_ms          bigint,
    wrap_ms          bigint,
    suppressed_by    text,
    bridge_within_ms bigint,
    abandoned        boolean NOT NULL,
    slot_hour        bigint,
    slot_weekend     boolean,
    slot_chance      double precision,
    slot_least       double precision,
    disposition      text,
    right_party      boolean,
    sale             boolean,
    do_not_call      boolean,
    callback_at      timestamptz,
    note             text,
    dispositioned_by text,
    known_from       bigint NOT NULL,
    position         bigint NOT NULL,
    PRIMARY KEY (call_id)
);
COMMENT ON TABLE calls{g} IS 'A call as it is known now: what figures drill down to.';
COMMENT ON COLUMN calls{g}.call_id IS 'The call.';
COMMENT ON COLUMN calls{g}.direction IS 'Who began it.';
COMMENT ON COLUMN calls{g}.state IS 'How far it has come.';
COMMENT ON COLUMN calls{g}.customer_id IS 'The customer, when identified.';
COMMENT ON COLUMN calls{g}.lead_id IS 'The lead it is an attempt of.';
COMMENT ON COLUMN calls{g}.campaign_id IS 'The campaign it belongs to.';
COMMENT ON COLUMN calls{g}.agent_id IS 'The agent who answered it, or whom it is meant for.';
COMMENT ON COLUMN calls{g}.team IS 'That agent''s team when the call was answered.';
COMMENT ON COLUMN calls{g}.queue IS 'The queue.';
COMMENT ON COLUMN calls{g}.product IS 'The product it is about.';
COMMENT ON COLUMN calls{g}.industry IS 'The customer''s line of business.';
COMMENT ON COLUMN calls{g}.line IS 'Our line or trunk that carries it.';
COMMENT ON COLUMN calls{g}.number IS 'The customer''s number in E.164.';
COMMENT ON COLUMN calls{g}.priority IS 'Higher goes first.';
COMMENT ON COLUMN calls{g}.attributes IS 'Further values in the words of the source.';
COMMENT ON COLUMN calls{g}.started_at IS 'When it began: the window in which it counts.';
COMMENT ON COLUMN calls{g}.dialed_at IS 'When it was dialed.';
COMMENT ON COLUMN calls{g}.first_in_slot IS 'Whether it is the lead''s first dial in this hour; calls without a lead always are.';
COMMENT ON COLUMN calls{g}.answered_at IS 'When it was answered by anybody or anything.';
COMMENT ON COLUMN calls{g}.answerer IS 'Who answered an outbound call.';
COMMENT ON COLUMN calls{g}.queued_at IS 'When it entered the queue.';
COMMENT ON COLUMN calls{g}.waited_ms IS 'How long it waited in the queue, in milliseconds, once that is over.';
COMMENT ON COLUMN calls{g}.bridged_at IS 'When an agent answered.';
COMMENT ON COLUMN calls{g}.held_at IS 'When the present hold began.';
COMMENT ON COLUMN calls{g}.hold_ms IS 'How long it was on hold, in milliseconds.';
COMMENT ON COLUMN calls{g}.ended_at IS 'When it ended.';
COMMENT ON COLUMN calls{g}.cause IS 'Why it ended.';
COMMENT ON COLUMN calls{g}.talk_ms IS 'Conversation in milliseconds, holding left out, once it is over.';
COMMENT ON COLUMN calls{g}.wrap_ms IS 'After-call work in milliseconds.';
COMMENT ON COLUMN calls{g}.suppressed_by IS 'The rule that forbade the dial.';
COMMENT ON COLUMN calls{g}.bridge_within_ms IS 'How soon after a person''s answer an agent had to be there, in milliseconds; of calls that the dialer judged and that were meant for no agent.';
COMMENT ON COLUMN calls{g}.abandoned IS 'Whether a person answered its dial and no agent was there in time.';
COMMENT ON COLUMN calls{g}.slot_hour IS 'The hour of the dial on the customer''s clock, 0 to 23.';
COMMENT ON COLUMN calls{g}.slot_weekend IS 'Whether it was a Saturday or a Sunday there.';
COMMENT ON COLUMN calls{g}.slot_chance IS 'The chance of an answer that was known for the hour.';
COMMENT ON COLUMN calls{g}.slot_least IS 'The chance below which the campaign lets leads wait.';
COMMENT ON COLUMN calls{g}.disposition IS 'The wrap-up code.';
COMMENT ON COLUMN calls{g}.right_party IS 'Whether the person wanted was on the line.';
COMMENT ON COLUMN calls{g}.sale IS 'Whether something was sold.';
COMMENT ON COLUMN calls{g}.do_not_call IS 'Whether the customer asked not to be called again.';
COMMENT ON COLUMN calls{g}.callback_at IS 'When the customer wants to be called again.';
COMMENT ON COLUMN calls{g}.note IS 'The agent''s note.';
COMMENT ON COLUMN calls{g}.dispositioned_by IS 'Who classified it.';
COMMENT ON COLUMN calls{g}.known_from IS 'From which event on its figures are known as they are.';
COMMENT ON COLUMN calls{g}.position IS 'The event that changed it last.';
CREATE INDEX calls_by_started_at{g} ON calls{g} (started_at, call_id);
CREATE INDEX calls_by_agent_id{g} ON calls{g} (agent_id, started_at, call_id);
CREATE INDEX calls_by_campaign_id{g} ON calls{g} (campaign_id, started_at, call_id);

CREATE TABLE call_history{g} (
    started_at  timestamptz NOT NULL,
    call_id     uuid NOT NULL,
    known_from  bigint NOT NULL,
    known_until bigint NOT NULL,
    dimensions  jsonb NOT NULL,
    sums        jsonb NOT NULL,
    PRIMARY KEY (started_at, call_id, known_from)
);
COMMENT ON TABLE call_history{g} IS 'What was known of a call before: for figures as they were known at a time.';
COMMENT ON COLUMN call_history{g}.started_at IS 'When the call began: the window in which it counts.';
COMMENT ON COLUMN call_history{g}.call_id IS 'The call.';
COMMENT ON COLUMN call_history{g}.known_from IS 'From which event on this was known.';
COMMENT ON COLUMN call_history{g}.known_until IS 'The event that changed it.';
COMMENT ON COLUMN call_history{g}.dimensions IS 'The dimensions, then.';
COMMENT ON COLUMN call_history{g}.sums IS 'What the call added to each sum, then; zeros left out.';

CREATE TABLE kpi_agents{g} (
    agent_id uuid NOT NULL,
    team     text,
    presence text NOT NULL,
    since    timestamptz NOT NULL,
    PRIMARY KEY (agent_id)
);
COMMENT ON TABLE kpi_agents{g} IS 'An agent''s team and presence, for the dimensions of calls and the agents'' time.';
COMMENT ON COLUMN kpi_agents{g}.agent_id IS 'The agent.';
COMMENT ON COLUMN kpi_agents{g}.team IS 'The team, by its name.';
COMMENT ON COLUMN kpi_agents{g}.presence IS 'What the agent is doing.';
COMMENT ON COLUMN kpi_agents{g}.since IS 'Since when.';

CREATE TABLE agent_intervals{g} (
    started_at timestamptz NOT NULL,
    agent_id   uuid NOT NULL,
    ended_at   timestamptz NOT NULL,
    presence   text NOT NULL,
    team       text,
    known_from bigint NOT NULL,
    PRIMARY KEY (started_at, agent_id)
);
COMMENT ON TABLE agent_intervals{g} IS 'A time that an agent spent in one state, once it is over.';
COMMENT ON COLUMN agent_intervals{g}.started_at IS 'When it began.';
COMMENT ON COLUMN agent_intervals{g}.agent_id IS 'The agent.';
COMMENT ON COLUMN agent_intervals{g}.ended_at IS 'When it ended.';
COMMENT ON COLUMN agent_intervals{g}.presence IS 'The state.';
COMMENT ON COLUMN agent_intervals{g}.team IS 'The agent''s team.';
COMMENT ON COLUMN agent_intervals{g}.known_from IS 'The event that ended it.';

CREATE TABLE kpi_leads{g} (
    lead_id   uuid NOT NULL,
    last_slot timestamptz NOT NULL,
    PRIMARY KEY (lead_id)
);
COMMENT ON TABLE kpi_leads{g} IS 'When a lead was dialed last, so that redials within one hour are counted once.';
COMMENT ON COLUMN kpi_leads{g}.lead_id IS 'The lead.';
COMMENT ON COLUMN kpi_leads{g}.last_slot IS 'The hour of the last dial.';

CREATE TABLE lead_marks{g} (
    occurred_at timestamptz NOT NULL,
    lead_id     uuid NOT NULL,
    mark        text NOT NULL,
    campaign_id uuid,
    known_from  bigint NOT NULL,
    PRIMARY KEY (occurred_at, lead_id, mark)
);
COMMENT ON TABLE lead_marks{g} IS 'Something that happened to a lead and that figures count.';
COMMENT ON COLUMN lead_marks{g}.occurred_at IS 'When it happened.';
COMMENT ON COLUMN lead_marks{g}.lead_id IS 'The lead.';
COMMENT ON COLUMN lead_marks{g}.mark IS 'What happened.';
COMMENT ON COLUMN lead_marks{g}.campaign_id IS 'The campaign.';
COMMENT ON COLUMN lead_marks{g}.known_from IS 'The event.';

CREATE TABLE kpi_rollups{g} (
    granularity            text NOT NULL,
    window_start           timestamptz NOT NULL,
    agent_id               uuid NOT NULL,
    team                   text NOT NULL,
    campaign_id            uuid NOT NULL,
    queue                  text NOT NULL,
    product                text NOT NULL,
    industry               text NOT NULL,
    calls                  bigint NOT NULL,
    inbound                bigint NOT NULL,
    outbound               bigint NOT NULL,
    phantoms               bigint NOT NULL,
    queue_entries          bigint NOT NULL,
    queue_entry_wait_ms    bigint NOT NULL,
    queued                 bigint NOT NULL,
    queue_wait_ms          bigint NOT NULL,
    queue_answered         bigint NOT NULL,
    queue_answered_wait_ms bigint NOT NULL,
    queue_abandoned        bigint NOT NULL,
    answered_in_10s        bigint NOT NULL,
    answered_in_20s        bigint NOT NULL,
    answered_in_30s        bigint NOT NULL,
    answered_in_60s        bigint NOT NULL,
    abandoned_in_10s       bigint NOT NULL,
    abandoned_in_20s       bigint NOT NULL,
    abandoned_in_30s       bigint NOT NULL,
    abandoned_in_60s       bigint NOT NULL,
    answered               bigint NOT NULL,
    answered_unnamed       bigint NOT NULL,
    hung_up                bigint NOT NULL,
    handled                bigint NOT NULL,
    talk_ms                bigint NOT NULL,
    hold_ms                bigint NOT NULL,
    wrap_ms                bigint NOT NULL,
    dials                  bigint NOT NULL,
    dial_slots             bigint NOT NULL,
    human_answers          bigint NOT NULL,
    machine_answers        bigint NOT NULL,
    dials_abandoned        bigint NOT NULL,
    dials_passed           bigint NOT NULL,
    right_party            bigint NOT NULL,
    dial_right_party       bigint NOT NULL,
    sales                  bigint NOT NULL,
    dial_sales             bigint NOT NULL,
    do_not_call            bigint NOT NULL,
    no_answers             bigint NOT NULL,
    busies                 bigint NOT NULL,
    invalid_numbers        bigint NOT NULL,
    failures               bigint NOT NULL,
    suppressed             bigint NOT NULL,
    wasted                 bigint NOT NULL,
    leads                  bigint NOT NULL,
    leads_dialed           bigint NOT NULL,
    available_ms           bigint NOT NULL,
    paused_ms              bigint NOT NULL,
    ringing_ms             bigint NOT NULL,
    talking_ms             bigint NOT NULL,
    holding_ms             bigint NOT NULL,
    wrapping_ms            bigint NOT NULL,
    PRIMARY KEY (granularity, window_start, agent_id, team, campaign_id, queue, product, industry)
);
COMMENT ON TABLE kpi_rollups{g} IS 'The sums of one window for one combination of dimensions.';
COMMENT ON COLUMN kpi_rollups{g}.granularity IS 'How wide the window is: minute, hour or day.';
COMMENT ON COLUMN kpi_rollups{g}.window_start IS 'The first moment of the window.';
COMMENT ON COLUMN kpi_rollups{g}.agent_id IS 'The agent, all zeros without one.';
COMMENT ON COLUMN kpi_rollups{g}.team IS 'The team, empty without one.';
COMMENT ON COLUMN kpi_rollups{g}.campaign_id IS 'The campaign, all zeros without one.';
COMMENT ON COLUMN kpi_rollups{g}.queue IS 'The queue, empty without one.';
COMMENT ON COLUMN kpi_rollups{g}.product IS 'The product, empty without one.';
COMMENT ON COLUMN kpi_rollups{g}.industry IS 'The line of business, empty without one.';
COMMENT ON COLUMN kpi_rollups{g}.calls IS 'Calls, phantoms left out.';
COMMENT ON COLUMN kpi_rollups{g}.inbound IS 'Calls that the customer began.';
COMMENT ON COLUMN kpi_rollups{g}.outbound IS 'Calls that we began.';
COMMENT ON COLUMN kpi_rollups{g}.phantoms IS 'Rows of the source that never were a call; out of every other figure but the next two.';
COMMENT ON COLUMN kpi_rollups{g}.queue_entries IS 'Entries into a queue, those of phantoms included.';
COMMENT ON COLUMN kpi_rollups{g}.queue_entry_wait_ms IS 'How long all entries waited, those of phantoms included.';
COMMENT ON COLUMN kpi_rollups{g}.queued IS 'Calls that waited in a queue.';
COMMENT ON COLUMN kpi_rollups{g}.queue_wait_ms IS 'How long they waited.';
COMMENT ON COLUMN kpi_rollups{g}.queue_answered IS 'Queued calls that an agent answered.';
COMMENT ON COLUMN kpi_rollups{g}.queue_answered_wait_ms IS 'How long the answered ones waited.';
COMMENT ON COLUMN kpi_rollups{g}.queue_abandoned IS 'Queued calls that ended unanswered.';
COMMENT ON COLUMN kpi_rollups{g}.answered_in_10s IS 'Queued calls answered within 10 s.';
COMMENT ON COLUMN kpi_rollups{g}.answered_in_20s IS 'Queued calls answered within 20 s.';
COMMENT ON COLUMN kpi_rollups{g}.answered_in_30s IS 'Queued calls answered within 30 s.';
COMMENT ON COLUMN kpi_rollups{g}.answered_in_60s IS 'Queued calls answered within 60 s.';
COMMENT ON COLUMN kpi_rollups{g}.abandoned_in_10s IS 'Queued calls that ended unanswered within 10 s.';
COMMENT ON COLUMN kpi_rollups{g}.abandoned_in_20s IS 'Queued calls that ended unanswered within 20 s.';
COMMENT ON COLUMN kpi_rollups{g}.abandoned_in_30s IS 'Queued calls that ended unanswered within 30 s.';
COMMENT ON COLUMN kpi_rollups{g}.abandoned_in_60s IS 'Queued calls that ended unanswered within 60 s.';
COMMENT ON COLUMN kpi_rollups{g}.answered IS 'Calls that an agent answered.';
COMMENT ON COLUMN kpi_rollups{g}.answered_unnamed IS 'Answered calls of which the source does not name the agent.';
COMMENT ON COLUMN kpi_rollups{g}.hung_up IS 'Calls that the customer left before an agent answered.';
COMMENT ON COLUMN kpi_rollups{g}.handled IS 'Answered calls that are over: what handling times are divided by.';
COMMENT ON COLUMN kpi_rollups{g}.talk_ms IS 'Conversation of handled calls, without holding.';
COMMENT ON COLUMN kpi_rollups{g}.hold_ms IS 'Holding in handled calls.';
COMMENT ON COLUMN kpi_rollups{g}.wrap_ms IS 'After-call work of handled calls.';
COMMENT ON COLUMN kpi_rollups{g}.dials IS 'Outbound calls that were dialed.';
COMMENT ON COLUMN kpi_rollups{g}.dial_slots IS 'Dials, redials of one lead within one hour counted once.';
COMMENT ON COLUMN kpi_rollups{g}.human_answers IS 'Dials that a person answered.';
COMMENT ON COLUMN kpi_rollups{g}.machine_answers IS 'Dials that a machine answered.';
COMMENT ON COLUMN kpi_rollups{g}.dials_abandoned IS 'Dials that a person answered and no agent took in time.';
COMMENT ON COLUMN kpi_rollups{g}.dials_passed IS 'Dials that a person answered and an agent took in time.';
COMMENT ON COLUMN kpi_rollups{g}.right_party IS 'Answers where the person wanted was on the line.';
COMMENT ON COLUMN kpi_rollups{g}.dial_right_party IS 'Dials that reached the person who was wanted.';
COMMENT ON COLUMN kpi_rollups{g}.sales IS 'Calls with a sale.';
COMMENT ON COLUMN kpi_rollups{g}.dial_sales IS 'Dials with a sale.';
COMMENT ON COLUMN kpi_rollups{g}.do_not_call IS 'Calls in which the customer asked not to be called again.';
COMMENT ON COLUMN kpi_rollups{g}.no_answers IS 'Dials that nobody answered.';
COMMENT ON COLUMN kpi_rollups{g}.busies IS 'Dials to a busy line.';
COMMENT ON COLUMN kpi_rollups{g}.invalid_numbers IS 'Dials of a number that does not exist.';
COMMENT ON COLUMN kpi_rollups{g}.failures IS 'Dials that the network or the switch failed.';
COMMENT ON COLUMN kpi_rollups{g}.suppressed IS 'Calls that a rule forbade before the dial.';
COMMENT ON COLUMN kpi_rollups{g}.wasted IS 'Dials that could not lead to anything: invalid number, machine, wrong party, or on a do-not-call list.';
COMMENT ON COLUMN kpi_rollups{g}.leads IS 'Leads that were put on a list.';
COMMENT ON COLUMN kpi_rollups{g}.leads_dialed IS 'Leads that were dialed for the first time.';
COMMENT ON COLUMN kpi_rollups{g}.available_ms IS 'Agents'' time available and idle.';
COMMENT ON COLUMN kpi_rollups{g}.paused_ms IS 'Agents'' time paused.';
COMMENT ON COLUMN kpi_rollups{g}.ringing_ms IS 'Agents'' time with an offer or a preview, or ringing.';
COMMENT ON COLUMN kpi_rollups{g}.talking_ms IS 'Agents'' time in conversation.';
COMMENT ON COLUMN kpi_rollups{g}.holding_ms IS 'Agents'' time with a customer on hold.';
COMMENT ON COLUMN kpi_rollups{g}.wrapping_ms IS 'Agents'' time in after-call work.';

CREATE TABLE agent_achievements{g} (
    agent_id         uuid NOT NULL,
    calls            bigint NOT NULL,
    sales            bigint NOT NULL,
    handle_s         bigint NOT NULL,
    handle_s_squares bigint NOT NULL,
    by_product       jsonb NOT NULL,
    by_industry      jsonb NOT NULL,
    position         bigint NOT NULL,
    PRIMARY KEY (agent_id)
);
CREATE INDEX agent_achievements_by_position{g} ON agent_achievements{g} (position, agent_id);
COMMENT ON TABLE agent_achievements{g} IS 'What an agent has achieved in connected calls that are over.';
COMMENT ON COLUMN agent_achievements{g}.agent_id IS 'The agent.';
COMMENT ON COLUMN agent_achievements{g}.calls IS 'Calls.';
COMMENT ON COLUMN agent_achievements{g}.sales IS 'Those with a sale.';
COMMENT ON COLUMN agent_achievements{g}.handle_s IS 'How long they took with holding and after-call work, in whole seconds a call.';
COMMENT ON COLUMN agent_achievements{g}.handle_s_squares IS 'The squares of the same, for how much they differ.';
COMMENT ON COLUMN agent_achievements{g}.by_product IS 'Calls and sales by product.';
COMMENT ON COLUMN agent_achievements{g}.by_industry IS 'Calls and sales by line of business.';
COMMENT ON COLUMN agent_achievements{g}.position IS 'The event that changed it last.';

CREATE TABLE customer_agents{g} (
    customer_id uuid NOT NULL,
    agent_id    uuid NOT NULL,
    calls       bigint NOT NULL,
    sales       bigint NOT NULL,
    refusals    bigint NOT NULL,
    PRIMARY KEY (customer_id, agent_id)
);
COMMENT ON TABLE customer_agents{g} IS 'How often an agent has spoken with a customer, and what came of it.';
COMMENT ON COLUMN customer_agents{g}.customer_id IS 'The customer.';
COMMENT ON COLUMN customer_agents{g}.agent_id IS 'The agent.';
COMMENT ON COLUMN customer_agents{g}.calls IS 'Connected calls that are over.';
COMMENT ON COLUMN customer_agents{g}.sales IS 'Those with a sale.';
COMMENT ON COLUMN customer_agents{g}.refusals IS 'Those in which the customer asked not to be called again.';

CREATE TABLE answers{g} (
    campaign_id uuid NOT NULL,
    weekend     boolean NOT NULL,
    hour        bigint NOT NULL,
    dials       bigint NOT NULL,
    answered    bigint NOT NULL,
    PRIMARY KEY (campaign_id, weekend, hour)
);
COMMENT ON TABLE answers{g} IS 'How many dials of a campaign were answered by a person, by the hour of the customer''s day.';
COMMENT ON COLUMN answers{g}.campaign_id IS 'The campaign.';
COMMENT ON COLUMN answers{g}.weekend IS 'Whether it was a Saturday or a Sunday for the customer.';
COMMENT ON COLUMN answers{g}.hour IS 'The hour of the customer''s day, 0 to 23.';
COMMENT ON COLUMN answers{g}.dials IS 'Dials.';
COMMENT ON COLUMN answers{g}.answered IS 'Those of them that a person answered.';
