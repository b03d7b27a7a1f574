//! Settings: the defaults of `deploy/config.default.toml`, over them a file, over that the environment, over that
//! the command line. Whatever is wrong is named with its key and its place.

mod access;
mod identity;
mod layers;
mod oidc;
mod recordings;
mod settings;
#[cfg(test)]
mod tests;
mod transport;

pub use identity::IdentitySettings;
pub use layers::{ConfigError, Layers, Origin};
pub use recordings::RecordingSettings;
pub use settings::{
    KeyStore, LogFormat, LogStore, MasterKeySource, NotarySettings, ReadModelStore, Settings,
};
pub use transport::{TlsSettings, TransportSettings};

/// The documented defaults.
pub const DEFAULTS: &str = include_str!("../../../../deploy/config.default.toml");
