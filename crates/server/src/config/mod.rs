//! Settings: the defaults of `deploy/config.default.toml`, over them a file, over that the environment, over that
//! the command line. Whatever is wrong is named with its key and its place.

mod access;
mod audit;
mod cti;
mod dialer;
mod identity;
mod layers;
mod models;
mod notary;
mod oidc;
mod opensearch;
mod rabbitmq;
mod reader;
mod recordings;
mod routing;
mod settings;
mod stores;
#[cfg(test)]
mod tests;
mod transport;

pub use audit::{AlertSettings, WebhookSettings};
pub use dialer::{DialerLine, DialerSettings};
pub use identity::IdentitySettings;
pub use layers::{ConfigError, Layers, Origin};
pub use notary::NotarySettings;
pub use opensearch::OpenSearchSettings;
pub use recordings::RecordingSettings;
pub use routing::{PoolStore, RoutingSettings};
pub use settings::{LogFormat, Settings};
pub use stores::{KeyStore, LogStore, MasterKeySource, ReadModelStore};
pub use transport::{TlsSettings, TransportSettings};

/// The documented defaults.
pub const DEFAULTS: &str = include_str!("../../../../deploy/config.default.toml");
