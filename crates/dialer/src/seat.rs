//! Which of several servers dials. A lease in the database that all of them share says who may try; the term in the log,
//! which every command of the dialer rests on, says whose commands are carried out. So clocks that disagree, and a server
//! that was asleep, do no harm: they delay at most.

use std::time::Duration;

use trunkline_app::cases::TakeDialer;
use trunkline_app::{ActionError, CommandError, Dispatcher, Request};
use trunkline_database::{Cell as _, Database, DatabaseError, Migration};
use trunkline_kernel::{Actor, Id as _, Millis, ServerId, Timestamp};

use crate::{ACTOR, Trouble};

const MIGRATIONS: &[Migration] = &[Migration {
    name: "dialer_0001",
    sqlite: "CREATE TABLE dialer_lease (one INTEGER PRIMARY KEY CHECK (one = 1), owner BLOB, lease_until INTEGER) STRICT;
        INSERT INTO dialer_lease (one) VALUES (1);",
    postgres: "CREATE TABLE dialer_lease (one bigint PRIMARY KEY CHECK (one = 1), owner uuid, lease_until timestamptz);
        INSERT INTO dialer_lease (one) VALUES (1);",
}];

/// How many times a lease is renewed while it holds.
const RENEWALS: u32 = 3;

/// What came of asking for the seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is taken now: calls that are under way are to be taken up.
    Taken,
    /// It is held as before.
    Held,
    /// Another server dials.
    StandBy,
}

/// The seat of the one server that dials.
pub(crate) struct SeatOfDialer {
    database: Database,
    server: ServerId,
    lease: Duration,
    /// The term, and when the lease is to be renewed; nothing while standing by.
    held: Option<(u64, Timestamp)>,
}

impl SeatOfDialer {
    pub(crate) fn new(database: Database, server: ServerId, lease: Duration) -> Self {
        Self { database, server, lease, held: None }
    }

    /// Makes room for the lease.
    pub(crate) async fn prepare(&self, now: Timestamp) -> Result<(), DatabaseError> {
        self.database.migrate(MIGRATIONS, now).await.map(drop)
    }

    /// The term in which this server dials.
    pub(crate) fn term(&self) -> Option<u64> {
        self.held.map(|(term, _)| term)
    }

    /// Keeps the seat, or takes it when nobody has it.
    pub(crate) async fn turn(&mut self, dispatcher: &Dispatcher, now: Timestamp) -> Result<Turn, Trouble> {
        if self.held.is_some_and(|(_, renew)| now < renew) {
            return Ok(Turn::Held);
        }
        let renew = now.plus(millis(self.lease / RENEWALS));
        if !self.lease(now).await? {
            self.held = None;
            return Ok(Turn::StandBy);
        }
        if let Some((term, _)) = self.held {
            self.held = Some((term, renew));
            return Ok(Turn::Held);
        }
        let request = Request::by(Actor::system(ACTOR));
        let term = dispatcher.execute(request, &TakeDialer { server: self.server }).await?.answer;
        self.held = Some((term, renew));
        Ok(Turn::Taken)
    }

    /// Another server has taken the seat although the lease was ours: ours is over.
    pub(crate) fn lost(&mut self) {
        self.held = None;
    }

    /// Gives the seat up, so that another server need not wait.
    pub(crate) async fn leave(&mut self) -> Result<(), DatabaseError> {
        self.held = None;
        let sql = "UPDATE dialer_lease SET owner = NULL, lease_until = NULL WHERE owner = $1";
        self.database.execute(sql, vec![self.server.uuid().value()]).await.map(drop)
    }

    /// Takes the lease when it is free or over, or keeps it; says whether this server has it.
    async fn lease(&self, now: Timestamp) -> Result<bool, DatabaseError> {
        let sql = "UPDATE dialer_lease SET owner = $1, lease_until = $2
            WHERE owner IS NULL OR owner = $3 OR lease_until < $4";
        let until = now.plus(millis(self.lease)).value();
        let values = vec![self.server.uuid().value(), until, self.server.uuid().value(), now.value()];
        Ok(self.database.execute(sql, values).await? == 1)
    }
}

fn millis(length: Duration) -> Millis {
    Millis(i64::try_from(length.as_millis()).unwrap_or(i64::MAX))
}

impl From<CommandError> for Trouble {
    fn from(error: CommandError) -> Self {
        Self::Command(Box::new(error))
    }
}

impl From<ActionError> for Trouble {
    fn from(error: ActionError) -> Self {
        CommandError::from(error).into()
    }
}
