//! What the server makes of this crate.

use std::sync::Arc;

use axum::Router;
use tokio_util::sync::CancellationToken;
use trunkline_access::Witness;
use trunkline_app::privacy::Rights;
use trunkline_app::{Authority, Dispatcher, PacingBoard};
use trunkline_domain::Policy;
use trunkline_kernel::{Clock, Ids};
use trunkline_log::{Feed, Log};
use trunkline_projections::ReadModels;
use trunkline_projections::names::NameIndex;
use trunkline_routing::compliance::RuleBook;

use crate::config::Limits;
use crate::core::Core;
use crate::document::Documents;
use crate::http::{self, Http};
use crate::persisted::PersistedQueries;
use crate::schema;
use crate::stats::Stats;

/// Everything that the API reads and writes.
#[derive(Clone)]
pub struct Services {
    /// The one path of commands to the log.
    pub dispatcher: Arc<Dispatcher>,
    /// The numbers that rules turn on.
    pub policy: Policy,
    /// The rules that dials are judged by.
    pub rules: Arc<RuleBook>,
    /// How the campaigns that this server dials are going.
    pub pacing: Arc<PacingBoard>,
    /// The log itself, for auditors.
    pub log: Arc<dyn Log>,
    /// The tail of the log that all subscriptions share.
    pub feed: Arc<Feed>,
    /// The read models.
    pub reads: ReadModels,
    /// Who may see and do what.
    pub authority: Arc<Authority>,
    /// Who writes down what is read.
    pub witness: Arc<dyn Witness>,
    /// What carries out what persons ask about their own data.
    pub rights: Arc<Rights>,
    /// Who is found by a part of the name.
    pub names: Arc<NameIndex>,
    /// The notary's books, where there is a notary.
    pub notary: Option<trunkline_registry::Books>,
    /// What finds agents for work.
    pub router: Arc<trunkline_pool::Router>,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// Names for requests that bring no trace.
    pub ids: Arc<dyn Ids>,
}

/// The API, ready to be served.
pub struct Api {
    http: Http,
}

impl Api {
    /// Builds the API over its services.
    ///
    /// When `stopping` is cancelled, subscriptions and sockets end: sockets with close code 1001.
    pub fn new(services: Services, limits: Limits, stopping: CancellationToken) -> Self {
        let ids = services.ids.clone();
        let (reads, authority) = (services.reads.clone(), Arc::clone(&services.authority));
        let core = Core {
            reads,
            authority,
            witness: Arc::clone(&services.witness),
            schema: schema::build(services, &limits),
            persisted: PersistedQueries::new(limits.persisted_queries_max),
            documents: Documents::new(limits.known_documents_max),
            limits,
            stats: Arc::new(Stats::default()),
            stopping,
        };
        Self { http: Http { core: Arc::new(core), ids } }
    }

    /// The routes: `/graphql`.
    pub fn router(&self) -> Router {
        http::routes(self.http.clone())
    }

    /// What the metrics can say.
    pub fn stats(&self) -> Arc<Stats> {
        self.http.core.stats.clone()
    }
}
