//! Wiring: everything about recordings that a server has.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_access::Witness;
use trunkline_app::privacy::ErasureTarget;
use trunkline_app::{Authority, Dispatcher};
use trunkline_kernel::Clock;
use trunkline_log::Log;
use trunkline_projections::ReadModels;
use trunkline_recordings::objects::Objects;
use trunkline_recordings::{Archive, KeyWrap};

use super::place::Voices;
use super::wrap::VaultWrap;
use super::{Desk, Eraser};
use crate::config::RecordingSettings;
use trunkline_vault::Vault;

/// What recordings need of the rest of the server.
pub(crate) struct Around {
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) reads: ReadModels,
    pub(crate) authority: Arc<Authority>,
    pub(crate) witness: Arc<dyn Witness>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What the rest of the server needs of recordings.
pub(crate) struct Room {
    /// Where audio comes in and goes out.
    pub(crate) routes: Router,
    /// Where a person's voice is erased.
    pub(crate) place: Arc<dyn ErasureTarget>,
    /// What erases; it ends by the token.
    pub(crate) eraser: JoinHandle<()>,
}

impl Room {
    /// Opens the stores and begins to erase what is due.
    ///
    /// # Errors
    /// When a store cannot be opened.
    pub(crate) fn open(
        settings: &RecordingSettings,
        around: Around,
        vault: &Arc<Vault>,
        stopping: CancellationToken,
    ) -> anyhow::Result<Self> {
        let archive = open_archive(settings, vault)?;
        let Around { dispatcher, reads, authority, witness, log, clock } = around;
        let eraser = Eraser {
            archive: Arc::clone(&archive),
            dispatcher: Arc::clone(&dispatcher),
            log,
            reads: reads.clone(),
            clock: Arc::clone(&clock),
            settings: settings.clone(),
        };
        let eraser = tokio::spawn(eraser.run(stopping));
        let place = Arc::new(Voices {
            archive: Arc::clone(&archive),
            dispatcher: Arc::clone(&dispatcher),
            reads: reads.clone(),
            clock,
        });
        let desk = Desk::new(archive, dispatcher, reads, authority, witness, settings);
        Ok(Self { routes: super::routes(desk), place, eraser })
    }
}

/// Opens the archive that the configuration names.
///
/// # Errors
/// When a store cannot be opened.
pub(crate) fn open_archive(settings: &RecordingSettings, vault: &Arc<Vault>) -> anyhow::Result<Arc<Archive>> {
    let audio = Objects::open(&settings.audio);
    let audio = audio.context("cannot open the store of recordings (`recordings.store`)")?;
    let keys = Objects::open(&settings.keys).context("cannot open the store of recordings' keys")?;
    let wrap: Arc<dyn KeyWrap> = Arc::new(VaultWrap(Arc::clone(vault)));
    Ok(Arc::new(Archive::new(audio, keys, wrap, settings.limits)))
}
