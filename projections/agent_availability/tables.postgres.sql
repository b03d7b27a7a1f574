CREATE TABLE agents{g} (
    agent_id          uuid NOT NULL,
    name              text,
    team              text,
    skills            jsonb NOT NULL,
    languages         jsonb NOT NULL,
    licences          jsonb NOT NULL,
    shifts            jsonb NOT NULL,
    capacity          bigint NOT NULL,
    extension         text,
    presence          text NOT NULL,
    since             timestamptz NOT NULL,
    pause_reason      text,
    next_pause_reason text,
    call_id           uuid,
    lead_id           uuid,
    task_id           uuid,
    reservation_id    uuid,
    token             bigint NOT NULL,
    offer_expires_at  timestamptz,
    missed_offers     bigint NOT NULL,
    wrap_until        timestamptz,
    signed_in_at      timestamptz,
    registered_at     timestamptz NOT NULL,
    position          bigint NOT NULL,
    PRIMARY KEY (agent_id)
);
COMMENT ON TABLE agents{g} IS 'An agent: who, and doing what since when.';
COMMENT ON COLUMN agents{g}.agent_id IS 'The agent.';
COMMENT ON COLUMN agents{g}.name IS 'The name.';
COMMENT ON COLUMN agents{g}.team IS 'The team, by its name.';
COMMENT ON COLUMN agents{g}.skills IS 'Skills and their levels from 1 to 5.';
COMMENT ON COLUMN agents{g}.languages IS 'Languages spoken, BCP 47.';
COMMENT ON COLUMN agents{g}.licences IS 'Licences held, and when they hold.';
COMMENT ON COLUMN agents{g}.shifts IS 'When the agent works; always without any.';
COMMENT ON COLUMN agents{g}.capacity IS 'How many pieces of work at once.';
COMMENT ON COLUMN agents{g}.extension IS 'Where the switch reaches the agent, in its own words.';
COMMENT ON COLUMN agents{g}.presence IS 'What the agent is doing.';
COMMENT ON COLUMN agents{g}.since IS 'Since when.';
COMMENT ON COLUMN agents{g}.pause_reason IS 'Why the agent is paused.';
COMMENT ON COLUMN agents{g}.next_pause_reason IS 'Why the agent will be paused after the present work.';
COMMENT ON COLUMN agents{g}.call_id IS 'The call that the agent works on or is offered.';
COMMENT ON COLUMN agents{g}.lead_id IS 'The lead that the agent looks at or is offered.';
COMMENT ON COLUMN agents{g}.task_id IS 'The task that the agent is offered.';
COMMENT ON COLUMN agents{g}.reservation_id IS 'The offer under way.';
COMMENT ON COLUMN agents{g}.token IS 'The fencing token of the last offer.';
COMMENT ON COLUMN agents{g}.offer_expires_at IS 'When the offer ends by itself.';
COMMENT ON COLUMN agents{g}.missed_offers IS 'Offers missed in a row.';
COMMENT ON COLUMN agents{g}.wrap_until IS 'When the after-call work ends by itself.';
COMMENT ON COLUMN agents{g}.signed_in_at IS 'Since when the agent is signed in.';
COMMENT ON COLUMN agents{g}.registered_at IS 'When the agent became known.';
COMMENT ON COLUMN agents{g}.position IS 'The event that changed it last.';

CREATE TABLE agent_times{g} (
    agent_id uuid NOT NULL,
    day      timestamptz NOT NULL,
    presence text NOT NULL,
    total_ms bigint NOT NULL,
    entered  bigint NOT NULL,
    PRIMARY KEY (agent_id, day, presence)
);
COMMENT ON TABLE agent_times{g} IS 'How long an agent was in one state on one day (UTC), intervals that are over.';
COMMENT ON COLUMN agent_times{g}.agent_id IS 'The agent.';
COMMENT ON COLUMN agent_times{g}.day IS 'The day''s first moment, UTC.';
COMMENT ON COLUMN agent_times{g}.presence IS 'The state.';
COMMENT ON COLUMN agent_times{g}.total_ms IS 'How long, in milliseconds.';
COMMENT ON COLUMN agent_times{g}.entered IS 'How often the state was entered.';
