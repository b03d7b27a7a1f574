CREATE TABLE tasks{g} (
    task_id        uuid NOT NULL,
    kind           text NOT NULL,
    title          text,
    state          text NOT NULL,
    state_since    timestamptz NOT NULL,
    customer_id    uuid,
    call_id        uuid,
    lead_id        uuid,
    agent_id       uuid,
    team           text,
    reservation_id uuid,
    due_at         timestamptz,
    due_order      timestamptz NOT NULL,
    priority       bigint NOT NULL,
    attempts       bigint NOT NULL,
    last_error     text,
    retry_at       timestamptz,
    blocked_reason text,
    result         text,
    stuck          boolean NOT NULL,
    stuck_at       timestamptz,
    opened_at      timestamptz NOT NULL,
    closed_at      timestamptz,
    version        bigint NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (task_id)
);
COMMENT ON TABLE tasks{g} IS 'A task as it stands.';
COMMENT ON COLUMN tasks{g}.task_id IS 'The task.';
COMMENT ON COLUMN tasks{g}.kind IS 'What sort of work.';
COMMENT ON COLUMN tasks{g}.title IS 'What is to be done.';
COMMENT ON COLUMN tasks{g}.state IS 'How far it has come.';
COMMENT ON COLUMN tasks{g}.state_since IS 'Since when.';
COMMENT ON COLUMN tasks{g}.customer_id IS 'The customer it is about.';
COMMENT ON COLUMN tasks{g}.call_id IS 'The call it comes from.';
COMMENT ON COLUMN tasks{g}.lead_id IS 'The lead it belongs to.';
COMMENT ON COLUMN tasks{g}.agent_id IS 'The agent who has it, or is to do it.';
COMMENT ON COLUMN tasks{g}.team IS 'The team that is to do it, by its name.';
COMMENT ON COLUMN tasks{g}.reservation_id IS 'The offer under way.';
COMMENT ON COLUMN tasks{g}.due_at IS 'By when it is due.';
COMMENT ON COLUMN tasks{g}.due_order IS 'due_at, or the year 9999 without one, so that a queue has one order.';
COMMENT ON COLUMN tasks{g}.priority IS 'Higher goes first.';
COMMENT ON COLUMN tasks{g}.attempts IS 'Failed attempts.';
COMMENT ON COLUMN tasks{g}.last_error IS 'What went wrong last.';
COMMENT ON COLUMN tasks{g}.retry_at IS 'Not to be tried again before.';
COMMENT ON COLUMN tasks{g}.blocked_reason IS 'What it waits for.';
COMMENT ON COLUMN tasks{g}.result IS 'What came of it.';
COMMENT ON COLUMN tasks{g}.stuck IS 'Whether nothing has moved for too long.';
COMMENT ON COLUMN tasks{g}.stuck_at IS 'Since when it has been flagged.';
COMMENT ON COLUMN tasks{g}.opened_at IS 'When it was opened.';
COMMENT ON COLUMN tasks{g}.closed_at IS 'When it came to its end.';
COMMENT ON COLUMN tasks{g}.version IS 'The version of its stream.';
COMMENT ON COLUMN tasks{g}.position IS 'The event that changed it last.';
CREATE INDEX tasks_by_state{g} ON tasks{g} (state, due_order, task_id);
CREATE INDEX tasks_by_agent_id{g} ON tasks{g} (agent_id, due_order, task_id);

CREATE TABLE task_transitions{g} (
    task_id     uuid NOT NULL,
    version     bigint NOT NULL,
    event       text NOT NULL,
    from_state  text,
    to_state    text NOT NULL,
    agent_id    uuid,
    detail      text,
    actor       text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (task_id, version)
);
COMMENT ON TABLE task_transitions{g} IS 'One step in a task''s history.';
COMMENT ON COLUMN task_transitions{g}.task_id IS 'The task.';
COMMENT ON COLUMN task_transitions{g}.version IS 'The step''s place in the task''s stream.';
COMMENT ON COLUMN task_transitions{g}.event IS 'The event without its category: assigned.';
COMMENT ON COLUMN task_transitions{g}.from_state IS 'Where it started; absent for the first.';
COMMENT ON COLUMN task_transitions{g}.to_state IS 'Where it ended.';
COMMENT ON COLUMN task_transitions{g}.agent_id IS 'The agent who has it after the step.';
COMMENT ON COLUMN task_transitions{g}.detail IS 'The reason or error that was given.';
COMMENT ON COLUMN task_transitions{g}.actor IS 'Who asked, kind:key.';
COMMENT ON COLUMN task_transitions{g}.occurred_at IS 'When it happened.';
COMMENT ON COLUMN task_transitions{g}.recorded_at IS 'When it was recorded.';
COMMENT ON COLUMN task_transitions{g}.position IS 'The event.';

CREATE TABLE task_counts{g} (
    team     text NOT NULL,
    agent_id uuid NOT NULL,
    state    text NOT NULL,
    tasks    bigint NOT NULL,
    stuck    bigint NOT NULL,
    PRIMARY KEY (team, agent_id, state)
);
COMMENT ON TABLE task_counts{g} IS 'How many tasks stand where, kept as sums.';
COMMENT ON COLUMN task_counts{g}.team IS 'The team, empty without one.';
COMMENT ON COLUMN task_counts{g}.agent_id IS 'The agent, all zeros without one.';
COMMENT ON COLUMN task_counts{g}.state IS 'The state.';
COMMENT ON COLUMN task_counts{g}.tasks IS 'How many tasks.';
COMMENT ON COLUMN task_counts{g}.stuck IS 'How many of them are flagged as stuck.';
