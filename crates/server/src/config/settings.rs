//! The settings as the program uses them.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use trunkline_domain::Policy;
use trunkline_log::{FeedLimits, LogLimits};

use super::reader::Reader;
use super::{
    AlertSettings, ConfigError, DialerSettings, IdentitySettings, KeyStore, Layers, LogStore,
    MasterKeySource, NotarySettings, OpenSearchSettings, ReadModelStore, RecordingSettings, RoutingSettings,
    TransportSettings,
};

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// All settings, checked. Each is documented in `deploy/config.default.toml`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct Settings {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub shutdown: Duration,
    /// Whether the system may write core files.
    pub core_files: bool,
    pub ready_lag_max: u64,
    /// How long a query may wait for the read models to reach its `minPosition`.
    pub reads_wait_max: Duration,
    pub log: LogStore,
    pub ledger: String,
    pub log_limits: LogLimits,
    pub feed: FeedLimits,
    pub read_models: ReadModelStore,
    pub read_model_connections_max: u32,
    pub projections: trunkline_projections::runtime::Settings,
    pub notary: NotarySettings,
    pub command_attempts_max: u32,
    pub cached_aggregates_max: NonZeroUsize,
    pub keys: KeyStore,
    pub master_key: MasterKeySource,
    pub vault: trunkline_vault::VaultLimits,
    pub policy: Policy,
    pub compliance_rules_file: Option<PathBuf>,
    /// A file with other rights of roles than the standard ones.
    pub access_policy_file: Option<PathBuf>,
    /// Whether commands ask for a token.
    pub command_line_asks: bool,
    pub dialer: Option<DialerSettings>,
    pub cti: Option<trunkline_dialer::cti::Settings>,
    pub graphql: trunkline_graphql::Limits,
    pub access: trunkline_app::AccessLimits,
    pub audit: trunkline_app::RecorderLimits,
    pub alerts: AlertSettings,
    pub opensearch: Option<OpenSearchSettings>,
    pub identity: IdentitySettings,
    pub transport: TransportSettings,
    pub recordings: RecordingSettings,
    pub routing: RoutingSettings,
    pub rabbitmq: Option<trunkline_adapters::BrokerSettings>,
    pub log_format: LogFormat,
    pub log_filter: String,
    pub otlp_endpoint: Option<String>,
    pub import_rows_in_flight_max: usize,
    pub demo_calls_per_second: f64,
    pub demo_seed: u64,
}

impl Settings {
    /// Checks every setting.
    ///
    /// # Errors
    /// The first that has a value it does not take, with its key and where it stands.
    pub fn of(layers: &Layers) -> Result<Self, ConfigError> {
        let read = Reader(layers);
        let log = read.log_store()?;
        Ok(Self {
            listen: read
                .parsed("server.listen", "an address such as \"127.0.0.1:8080\" or \"0.0.0.0:80\"")?,
            data_dir: PathBuf::from(read.text("server.data_dir")?),
            core_files: read.flag("server.core_files")?,
            shutdown: Duration::from_secs(read.number("server.shutdown_seconds", 0, 3_600)?),
            ready_lag_max: read.number("server.ready_lag_max", 0, u32::MAX.into())?,
            reads_wait_max: read.millis("reads.wait_max_ms")?,
            read_models: read.read_model_store(&log)?,
            keys: read.key_store(&log)?,
            master_key: read.master_key()?,
            vault: read.vault()?,
            log,
            ledger: read.text("log.ledger")?.to_owned(),
            log_limits: read.log_limits()?,
            feed: read.feed()?,
            read_model_connections_max: read.narrow("read_models.connections_max", 2, 1_000)?,
            projections: read.projections()?,
            notary: NotarySettings::of(&read)?,
            command_attempts_max: read.narrow("commands.attempts_max", 1, 1_000)?,
            cached_aggregates_max: NonZeroUsize::MIN
                .saturating_add(read.size("commands.cached_aggregates_max", 1, 10_000_000)? - 1),
            policy: read.policy()?,
            compliance_rules_file: Some(read.text("compliance.rules_file")?)
                .filter(|file| !file.is_empty())
                .map(PathBuf::from),
            access_policy_file: Some(read.text("access.policy_file")?)
                .filter(|file| !file.is_empty())
                .map(PathBuf::from),
            command_line_asks: super::access::command_line_asks(&read)?,
            dialer: DialerSettings::of(&read)?,
            cti: super::cti::settings(&read)?,
            graphql: read.graphql()?,
            access: super::access::limits(&read)?,
            audit: super::audit::limits(&read)?,
            alerts: AlertSettings::of(&read)?,
            opensearch: OpenSearchSettings::of(&read)?,
            identity: IdentitySettings::of(&read, Path::new(read.text("server.data_dir")?))?,
            transport: TransportSettings::of(&read)?,
            recordings: RecordingSettings::of(&read, Path::new(read.text("server.data_dir")?))?,
            routing: RoutingSettings::of(&read, Path::new(read.text("server.data_dir")?))?,
            rabbitmq: super::rabbitmq::settings(&read)?,
            log_format: match read.text("telemetry.log_format")? {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                other => return Err(read.choice("telemetry.log_format", &["text", "json"], other)),
            },
            log_filter: read.text("telemetry.log_filter")?.to_owned(),
            otlp_endpoint: read.otlp_endpoint()?,
            import_rows_in_flight_max: read.size("import.rows_in_flight_max", 1, 10_000)?,
            demo_calls_per_second: read.rate("demo.calls_per_second", 0.01, 1_000.0)?,
            demo_seed: read.number("demo.seed", 0, i64::MAX.unsigned_abs())?,
        })
    }
}

impl Reader<'_> {
    fn log_limits(&self) -> Result<LogLimits, ConfigError> {
        Ok(LogLimits {
            queue_max: self.size("log.queue_max", 1, 1_000_000)?,
            batch_appends_max: self.size("log.batch_appends_max", 1, 100_000)?,
            batch_events_max: self.size("log.batch_events_max", 1, 100_000)?,
            batch_bytes_max: self.size("log.batch_bytes_max", 1_024, 1 << 30)?,
            event_bytes_max: self.size("log.event_bytes_max", 1_024, 64 << 20)?,
            tags_per_event_max: self.size("log.tags_per_event_max", 8, 1_000)?,
            events_per_append_max: self.size("log.events_per_append_max", 16, 100_000)?,
            streams_per_append_max: self.size("log.streams_per_append_max", 8, 10_000)?,
            page_max: self.size("log.page_max", 500, 1_000_000)?,
            filter_terms_max: self.size("log.filter_terms_max", 1, 1_000)?,
            streams_cached_max: self.size("log.streams_cached_max", 1, 100_000_000)?,
            retries_max: self.narrow("log.retries_max", 0, 100)?,
        })
    }

    fn feed(&self) -> Result<FeedLimits, ConfigError> {
        Ok(FeedLimits {
            tail_events_max: self.size("feed.tail_events_max", 1, 10_000_000)?,
            tail_bytes_max: self.size("feed.tail_bytes_max", 1_024, 1 << 34)?,
            page: self.size("feed.page", 1, 10_000)?,
            reread: self.millis("feed.reread_ms")?,
            backoff_max: self.millis("feed.backoff_max_ms")?,
            pace: Duration::from_micros(self.number("feed.pace_us", 0, 1_000_000)?),
            pace_max: Duration::from_millis(self.number("feed.pace_max_ms", 0, 10_000)?),
        })
    }

    fn projections(&self) -> Result<trunkline_projections::runtime::Settings, ConfigError> {
        Ok(trunkline_projections::runtime::Settings {
            page_events: self.size("projections.page_events", 1, 100_000)?,
            reread: self.millis("projections.reread_ms")?,
            gather: self.millis("projections.gather_ms")?,
            lease: self.millis("projections.lease_ms")?,
            renew: self.millis("projections.renew_ms")?,
            backoff: self.millis("projections.backoff_ms")?,
        })
    }

    fn policy(&self) -> Result<Policy, ConfigError> {
        Ok(Policy {
            wrap: self.seconds("policy.wrap_seconds")?,
            offer: self.seconds("policy.offer_seconds")?,
            missed_offers_max: self.count("policy.missed_offers_max")?,
            heartbeat: self.seconds("policy.heartbeat_seconds")?,
            retries_max: self.count("policy.retries_max")?,
            retry_first: self.seconds("policy.retry_first_seconds")?,
            retry_longest: self.seconds("policy.retry_longest_seconds")?,
            stuck_after: self.seconds("policy.stuck_after_seconds")?,
            unknown_consent_allows_marketing: self.flag("policy.unknown_consent_allows_marketing")?,
        })
    }

    fn graphql(&self) -> Result<trunkline_graphql::Limits, ConfigError> {
        Ok(trunkline_graphql::Limits {
            introspection: self.flag("graphql.introspection")?,
            depth_max: self.size("graphql.depth_max", 1, 100)?,
            cost_max: self.size("graphql.cost_max", 1, 100_000_000)?,
            query_bytes_max: self.size("graphql.query_bytes_max", 64, 16 << 20)?,
            body_bytes_max: self.size("graphql.body_bytes_max", 1_024, 64 << 20)?,
            time_max: self.millis("graphql.time_max_ms")?,
            persisted_queries_max: self.size("graphql.persisted_queries_max", 1, 1_000_000)?,
            known_documents_max: self.size("graphql.known_documents_max", 1, 100_000)?,
            subscriptions_per_connection_max: self.size(
                "graphql.subscriptions_per_connection_max",
                1,
                10_000,
            )?,
            subscriptions_max: self.size("graphql.subscriptions_max", 0, 1_000_000)?,
            subscriber_messages_max: self.size("graphql.subscriber_messages_max", 1, 100_000)?,
            slow_consumer_grace: self.millis("graphql.slow_consumer_grace_ms")?,
            connection_init_max: self.millis("graphql.connection_init_max_ms")?,
            keep_alive: self.millis("graphql.keep_alive_ms")?,
            live_figures_interval: self.millis("graphql.live_figures_interval_ms")?,
        })
    }

    fn otlp_endpoint(&self) -> Result<Option<String>, ConfigError> {
        let key = "telemetry.otlp_endpoint";
        match self.text(key)? {
            "" => Ok(None),
            _ if !cfg!(feature = "otel") => {
                let reason = "is given, and this build was made without traces; build with `--features otel`";
                Err(self.wrong(key, reason))
            }
            _ => self.url(key, &["http://", "https://"]).map(Some),
        }
    }
}
