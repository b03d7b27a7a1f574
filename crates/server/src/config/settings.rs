//! The settings as the program uses them.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Value;
use trunkline_domain::Policy;
use trunkline_kernel::Millis;
use trunkline_log::{FeedLimits, LogLimits};

use super::{ConfigError, IdentitySettings, Layers, RecordingSettings, TransportSettings};

/// Where the log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogStore {
    /// In the data directory.
    Sqlite,
    /// In a PostgreSQL database.
    Postgres {
        /// Its connection URL.
        url: String,
    },
    /// In a KurrentDB cluster.
    Kurrent {
        /// Its connection string.
        url: String,
    },
    /// In memory, gone with the process.
    Memory,
}

/// Where the read models are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadModelStore {
    /// In the data directory.
    Sqlite,
    /// In a PostgreSQL database.
    Postgres {
        /// Its connection URL.
        url: String,
    },
}

/// Where the keys of data subjects are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStore {
    /// In a file of their own in the data directory.
    Sqlite,
    /// In a schema of their own in a PostgreSQL database.
    Postgres {
        /// Its connection URL.
        url: String,
    },
    /// In memory, gone with the process, like the log.
    Memory,
}

/// Where the master keys come from, which wrap the keys of data subjects.
#[derive(Clone)]
pub enum MasterKeySource {
    /// A file; `None` is `master.key` in the data directory, made where it is not there.
    File(Option<PathBuf>),
    /// Given as a text in the environment.
    Given(String),
    /// A service with the Transit API of HashiCorp Vault.
    Transit {
        /// Its address, `https://vault:8200`.
        url: String,
        /// Where the engine is mounted.
        mount: String,
        /// The name of the key.
        key: String,
        /// The token to ask with.
        token: String,
    },
}

impl std::fmt::Debug for MasterKeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File(_) => "a file",
            Self::Given(_) => "given",
            Self::Transit { .. } => "a Transit service",
        })
    }
}

/// The notary's settings.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct NotarySettings {
    pub enabled: bool,
    /// A database of its own; the log's, or a file in the data directory, when absent.
    pub url: Option<String>,
    pub key_file: Option<PathBuf>,
    pub follow: trunkline_registry::Settings,
    pub publish_file: Option<PathBuf>,
    pub publish_webhook: Option<String>,
    pub publish_store: Option<String>,
    pub publish_timeout: Duration,
}

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
    pub graphql: trunkline_graphql::Limits,
    pub access: trunkline_app::AccessLimits,
    pub identity: IdentitySettings,
    pub transport: TransportSettings,
    pub recordings: RecordingSettings,
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
            notary: read.notary()?,
            command_attempts_max: read.narrow("commands.attempts_max", 1, 1_000)?,
            cached_aggregates_max: NonZeroUsize::MIN
                .saturating_add(read.size("commands.cached_aggregates_max", 1, 10_000_000)? - 1),
            policy: read.policy()?,
            graphql: read.graphql()?,
            access: super::access::limits(&read)?,
            identity: IdentitySettings::of(&read, Path::new(read.text("server.data_dir")?))?,
            transport: TransportSettings::of(&read)?,
            recordings: RecordingSettings::of(&read, Path::new(read.text("server.data_dir")?))?,
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

pub(super) struct Reader<'a>(&'a Layers);

impl Reader<'_> {
    fn missing(&self, key: &str) -> ConfigError {
        self.0.wrong(key, "is missing from the defaults, which a test rules out")
    }

    pub(super) fn text(&self, key: &str) -> Result<&str, ConfigError> {
        self.0.get(key).and_then(Value::as_str).ok_or_else(|| self.missing(key))
    }

    /// A text that says something.
    pub(super) fn word(&self, key: &str) -> Result<&str, ConfigError> {
        match self.text(key)? {
            "" => Err(self.0.wrong(key, "takes a text, and is empty")),
            text => Ok(text),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        self.0.get(key).and_then(Value::as_bool).ok_or_else(|| self.missing(key))
    }

    pub(super) fn number(&self, key: &str, least: u64, most: u64) -> Result<u64, ConfigError> {
        let number = self.0.get(key).and_then(Value::as_integer).ok_or_else(|| self.missing(key))?;
        u64::try_from(number)
            .ok()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.0.wrong(key, format!("takes {least} to {most}, and is {number}")))
    }

    pub(super) fn size(&self, key: &str, least: usize, most: usize) -> Result<usize, ConfigError> {
        let number = self.number(key, least as u64, most as u64)?;
        usize::try_from(number).map_err(|_| self.missing(key))
    }

    pub(super) fn narrow(&self, key: &str, least: u32, most: u32) -> Result<u32, ConfigError> {
        u32::try_from(self.number(key, least.into(), most.into())?).map_err(|_| self.missing(key))
    }

    pub(super) fn millis(&self, key: &str) -> Result<Duration, ConfigError> {
        Ok(Duration::from_millis(self.number(key, 1, 600_000)?))
    }

    pub(super) fn rate(&self, key: &str, least: f64, most: f64) -> Result<f64, ConfigError> {
        let rate = self.0.get(key).and_then(Value::as_float).ok_or_else(|| self.missing(key))?;
        if (least..=most).contains(&rate) {
            Ok(rate)
        } else {
            Err(self.0.wrong(key, format!("takes {least} to {most}, and is {rate}")))
        }
    }

    /// Several values of one kind, with commas between them.
    pub(super) fn list<T: std::str::FromStr>(&self, key: &str, what: &str) -> Result<Vec<T>, ConfigError> {
        let text = self.text(key)?;
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let values: Result<Vec<T>, _> = parts.map(str::parse).collect();
        values.map_err(|_| self.wrong(key, format!("takes {what}, and is {text:?}")))
    }

    pub(super) fn wrong(&self, key: &str, reason: impl Into<String>) -> ConfigError {
        self.0.wrong(key, reason)
    }

    fn parsed<T: std::str::FromStr>(&self, key: &str, what: &str) -> Result<T, ConfigError> {
        let text = self.text(key)?;
        text.parse().map_err(|_| self.0.wrong(key, format!("takes {what}, and is {text:?}")))
    }

    pub(super) fn choice(&self, key: &str, allowed: &[&str], given: &str) -> ConfigError {
        let allowed: Vec<String> = allowed.iter().map(|word| format!("{word:?}")).collect();
        self.0.wrong(key, format!("takes {}, and is {given:?}", allowed.join(", ")))
    }

    /// A URL with one of these beginnings. It can hold a password, so it is in no error.
    pub(super) fn url(&self, key: &str, schemes: &[&str]) -> Result<String, ConfigError> {
        let url = self.text(key)?;
        if schemes.iter().any(|scheme| url.starts_with(scheme)) {
            return Ok(url.to_owned());
        }
        let given = if url.is_empty() { "is empty" } else { "begins otherwise" };
        Err(self.0.wrong(key, format!("takes a URL that begins with {}, and {given}", schemes.join(" or "))))
    }

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
            lease: self.millis("projections.lease_ms")?,
            renew: self.millis("projections.renew_ms")?,
            backoff: self.millis("projections.backoff_ms")?,
        })
    }

    fn notary(&self) -> Result<NotarySettings, ConfigError> {
        let given = |key: &str| -> Result<Option<String>, ConfigError> {
            Ok(Some(self.text(key)?.to_owned()).filter(|text| !text.is_empty()))
        };
        let url = |key: &str, schemes: &[&str]| -> Result<Option<String>, ConfigError> {
            given(key)?.map(|_| self.url(key, schemes)).transpose()
        };
        Ok(NotarySettings {
            enabled: self.flag("notary.enabled")?,
            url: url("notary.url", &["postgres://", "postgresql://"])?,
            key_file: given("notary.key_file")?.map(PathBuf::from),
            follow: trunkline_registry::Settings {
                interval: Duration::from_millis(self.number("notary.interval_ms", 10, 86_400_000)?),
                events_max: self.number("notary.events_max", 1, 100_000_000)?,
                page_events: self.size("notary.page_events", 1, 10_000)?,
                reread: self.millis("notary.reread_ms")?,
                lease: self.millis("notary.lease_ms")?,
                backoff_max: self.millis("notary.backoff_max_ms")?,
            },
            publish_file: given("notary.publish_file")?.map(PathBuf::from),
            publish_webhook: url("notary.publish_webhook", &["http://", "https://"])?,
            publish_store: given("notary.publish_store")?,
            publish_timeout: self.millis("notary.publish_timeout_ms")?,
        })
    }

    fn seconds(&self, key: &str) -> Result<Millis, ConfigError> {
        let seconds = self.number(key, 1, 365 * 86_400)?;
        Ok(Millis::from_secs(i64::try_from(seconds).unwrap_or_default()))
    }

    fn count(&self, key: &str) -> Result<u16, ConfigError> {
        u16::try_from(self.number(key, 0, 1_000)?).map_err(|_| self.missing(key))
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

    fn log_store(&self) -> Result<LogStore, ConfigError> {
        match self.text("log.store")? {
            "sqlite" => Ok(LogStore::Sqlite),
            "memory" => Ok(LogStore::Memory),
            "postgres" => {
                Ok(LogStore::Postgres { url: self.url("log.url", &["postgres://", "postgresql://"])? })
            }
            "kurrentdb" if cfg!(feature = "kurrentdb") => {
                let schemes = ["kurrentdb://", "kurrentdb+discover://", "esdb://", "esdb+discover://"];
                Ok(LogStore::Kurrent { url: self.url("log.url", &schemes)? })
            }
            "kurrentdb" => Err(self.0.wrong(
                "log.store",
                "is \"kurrentdb\", which this build was made without; build with `--features kurrentdb`",
            )),
            other => Err(self.choice("log.store", &["sqlite", "postgres", "kurrentdb", "memory"], other)),
        }
    }

    fn read_model_store(&self, log: &LogStore) -> Result<ReadModelStore, ConfigError> {
        let schemes = ["postgres://", "postgresql://"];
        match (self.text("read_models.store")?, log) {
            ("sqlite", _) => Ok(ReadModelStore::Sqlite),
            ("", LogStore::Sqlite | LogStore::Kurrent { .. } | LogStore::Memory) => {
                Ok(ReadModelStore::Sqlite)
            }
            ("" | "postgres", LogStore::Postgres { url }) if self.text("read_models.url")?.is_empty() => {
                Ok(ReadModelStore::Postgres { url: url.clone() })
            }
            ("" | "postgres", _) => {
                Ok(ReadModelStore::Postgres { url: self.url("read_models.url", &schemes)? })
            }
            (other, _) => Err(self.choice("read_models.store", &["", "sqlite", "postgres"], other)),
        }
    }

    fn key_store(&self, log: &LogStore) -> Result<KeyStore, ConfigError> {
        match (self.text("vault.store")?, log) {
            ("sqlite", _) | ("", LogStore::Sqlite | LogStore::Kurrent { .. }) => Ok(KeyStore::Sqlite),
            ("", LogStore::Memory) => Ok(KeyStore::Memory),
            ("" | "postgres", LogStore::Postgres { url }) if self.text("vault.url")?.is_empty() => {
                Ok(KeyStore::Postgres { url: url.clone() })
            }
            ("" | "postgres", _) => {
                Ok(KeyStore::Postgres { url: self.url("vault.url", &["postgres://", "postgresql://"])? })
            }
            (other, _) => Err(self.choice("vault.store", &["", "sqlite", "postgres"], other)),
        }
    }

    fn master_key(&self) -> Result<MasterKeySource, ConfigError> {
        let given = self.text("vault.master_keys")?;
        match self.text("vault.master")? {
            "" | "environment" if !given.is_empty() => Ok(MasterKeySource::Given(given.to_owned())),
            "environment" => Err(self.0.wrong(
                "vault.master_keys",
                "is empty; set TRUNKLINE_VAULT_MASTER_KEYS to what `openssl rand -base64 32` gives",
            )),
            "" | "file" => {
                let file = self.text("vault.master_file")?;
                Ok(MasterKeySource::File((!file.is_empty()).then(|| PathBuf::from(file))))
            }
            "transit" => Ok(MasterKeySource::Transit {
                url: self.url("vault.transit_url", &["http://", "https://"])?,
                mount: self.text("vault.transit_mount")?.to_owned(),
                key: self.text("vault.transit_key")?.to_owned(),
                token: self.text("vault.transit_token")?.to_owned(),
            }),
            other => Err(self.choice("vault.master", &["", "file", "environment", "transit"], other)),
        }
    }

    fn vault(&self) -> Result<trunkline_vault::VaultLimits, ConfigError> {
        let cached = self.size("vault.cached_keys_max", 1, 10_000_000)?;
        Ok(trunkline_vault::VaultLimits {
            cached_keys_max: NonZeroUsize::MIN.saturating_add(cached - 1),
            cached: Duration::from_secs(self.number("vault.cached_seconds", 1, 86_400)?),
            queue_max: self.size("vault.queue_max", 1, 1_000_000)?,
        })
    }

    fn otlp_endpoint(&self) -> Result<Option<String>, ConfigError> {
        let key = "telemetry.otlp_endpoint";
        match self.text(key)? {
            "" => Ok(None),
            _ if !cfg!(feature = "otel") => {
                let reason = "is given, and this build was made without traces; build with `--features otel`";
                Err(self.0.wrong(key, reason))
            }
            _ => self.url(key, &["http://", "https://"]).map(Some),
        }
    }
}
