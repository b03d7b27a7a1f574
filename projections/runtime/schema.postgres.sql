CREATE TABLE projection_generations (
    name              text NOT NULL,
    generation        bigint NOT NULL,
    version           bigint NOT NULL,
    status            text NOT NULL CHECK (status IN ('building', 'active', 'standby')),
    position          bigint NOT NULL,
    recorded_at       timestamptz,
    owner             uuid,
    epoch             bigint NOT NULL,
    lease_until       timestamptz,
    starts            bigint NOT NULL,
    trying            bigint NOT NULL,
    tries             bigint NOT NULL,
    switch_when_built boolean NOT NULL,
    created_at        timestamptz NOT NULL,
    PRIMARY KEY (name, generation)
);
COMMENT ON TABLE projection_generations IS 'How far each generation of each read model is, and who advances it.';

CREATE TABLE projection_parked (
    name       text NOT NULL,
    generation bigint NOT NULL,
    position   bigint NOT NULL,
    event_id   uuid NOT NULL,
    event_type text NOT NULL,
    stream     text NOT NULL,
    error      text NOT NULL,
    tries      bigint NOT NULL,
    parked_at  timestamptz,
    replay     boolean NOT NULL,
    PRIMARY KEY (name, generation, position)
);
COMMENT ON TABLE projection_parked IS 'Events that a projection could not fold.';
