//! Retention under a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use trunkline_app::cases::{AnnounceRecording, CreateCall, SealRecording};
use trunkline_app::{Action, DispatchLimits};
use trunkline_database::Database;
use trunkline_domain::call;
use trunkline_domain::recording::{Command, Held, Recording, Retention, RetentionKind, Sealed};
use trunkline_domain::words::Direction;
use trunkline_kernel::{CallId, FixedClock, Id as _, Millis, RandomIds, Timestamp};
use trunkline_log::{LogLimits, MemoryLog};
use trunkline_projections::ReadModel;
use trunkline_projections::runtime::Runtime;
use trunkline_recordings::archive::Upload;
use trunkline_vault::Vault;
use uuid::Uuid;

use super::*;
use crate::config::{Layers, Settings};

const DAY: Millis = Retention::days(1);

struct Centre {
    clock: Arc<FixedClock>,
    eraser: Eraser,
    _runtime: Runtime,
    _folder: tempfile::TempDir,
}

impl Centre {
    async fn open() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut settings = Settings::of(&Layers::defaults()?)?.recordings;
        for (place, name) in [(&mut settings.audio, "audio"), (&mut settings.keys, "keys")] {
            *place = trunkline_recordings::objects::Place::Folder(folder.path().join(name));
        }
        let clock = Arc::new(FixedClock::at(Timestamp::from_millis(1_769_850_000_000)));
        let log: Arc<dyn trunkline_log::Log> =
            Arc::new(MemoryLog::with_limits(clock.clone(), LogLimits::default()));
        let database = Database::sqlite_in_memory().await?;
        let limits = trunkline_projections::runtime::Settings::default();
        let runtime =
            Runtime::start(database.clone(), log.clone(), clock.clone(), &RandomIds, limits).await?;
        let reads = ReadModels::new(database, runtime.reached(), Duration::from_secs(30));
        let vault = Vault::passing(clock.clone()).await?;
        let dispatcher = Dispatcher::new(
            log.clone(),
            vault.clone(),
            clock.clone(),
            Arc::new(RandomIds),
            DispatchLimits::default(),
        );
        let archive = open_archive(&settings, &vault)?;
        let dispatcher = Arc::new(dispatcher);
        let eraser = Eraser { archive, dispatcher, log, reads, clock: clock.clone(), settings };
        Ok(Self { clock, eraser, _runtime: runtime, _folder: folder })
    }

    async fn act<A: Action<Answer = Uuid>>(&self, action: &A) -> anyhow::Result<Uuid> {
        let request = trunkline_app::Request::by(Actor::system("test"));
        Ok(self.eraser.dispatcher.execute(request, action).await?.answer)
    }

    async fn announced(&self, kind: RetentionKind) -> anyhow::Result<(RecordingId, Owner)> {
        let created = serde_json::from_value::<call::Created>(serde_json::json!({
            "direction": Direction::Outbound.as_str(),
        }))?;
        let call = CallId::from_uuid(self.act(&CreateCall { created }).await?);
        let id = RecordingId::from_uuid(self.act(&AnnounceRecording { call, kind }).await?);
        Ok((id, Owner::Call(call)))
    }

    async fn sealed(&self, kind: RetentionKind) -> anyhow::Result<(RecordingId, Owner)> {
        let (id, owner) = self.announced(kind).await?;
        let archive = &self.eraser.archive;
        archive.begin(id, owner, &Upload { length: Some(3), media_type: "audio/wav".to_owned() }).await?;
        let body = futures::stream::iter([Ok::<_, ()>(Bytes::from_static(b"abc"))]);
        archive.append(id, owner, 0, body).await?.1?;
        let audio = archive.finish(id, owner).await?;
        let sealed = Sealed {
            key: audio.key,
            media_type: audio.media_type,
            bytes: audio.bytes,
            stored_bytes: audio.stored_bytes,
            sha256: audio.sha256,
            stored_sha256: audio.stored_sha256,
            chunk_bytes: 65_536,
            parts: audio.parts,
            agent: None,
        };
        let retention = self.eraser.settings.retention;
        self.act(&SealRecording { recording: id, sealed, retention }).await?;
        archive.settle(id).await?;
        Ok((id, owner))
    }

    /// Some days go by, and the eraser has looked.
    async fn days_later(&self, days: i64) -> anyhow::Result<()> {
        self.clock.advance(Millis(DAY.0 * days));
        let head = self.eraser.log.head().await?;
        self.eraser.reads.reach(Some(head), &ReadModel::ALL).await?;
        self.eraser.look().await
    }

    async fn is_gone(&self, (id, owner): (RecordingId, Owner)) -> anyhow::Result<bool> {
        Ok(self.eraser.archive.is_gone(id, owner).await?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_go_when_their_time_is_over_unless_a_case_holds_them() -> anyhow::Result<()> {
    let centre = Centre::open().await?;
    let short = centre.sealed(RetentionKind::ShortTerm).await?;
    let long = centre.sealed(RetentionKind::LongTerm).await?;
    let held = centre.sealed(RetentionKind::ShortTerm).await?;
    let never_came = centre.announced(RetentionKind::LongTerm).await?;
    let case = Command::Hold(Held { case: "2026-17".to_owned() });
    centre.act(&trunkline_app::Single::<Recording> { id: held.0, command: case }).await?;
    centre.days_later(29).await?;
    let state = async |one: (RecordingId, Owner)| {
        let asked = trunkline_app::Request::by(Actor::system("test"));
        let known = centre.eraser.dispatcher.execute(asked, &LookUpRecording(one.0)).await?.answer;
        anyhow::Ok(known.map(|known| known.state))
    };
    assert_eq!(state(never_came).await?, Some(RecordingState::Announced));
    centre.days_later(1).await?;
    assert_eq!(state(never_came).await?, Some(RecordingState::Erased));
    centre.days_later(1_827 - 31).await?;
    assert!(!centre.is_gone(short).await?, "a day is left");
    centre.days_later(1).await?;
    assert_eq!(
        (centre.is_gone(short).await?, centre.is_gone(long).await?, centre.is_gone(held).await?),
        (true, false, false)
    );
    centre.days_later(3_653 - 1_827).await?;
    assert_eq!((centre.is_gone(long).await?, centre.is_gone(held).await?), (true, false));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_was_not_carried_out_is_carried_out_later() -> anyhow::Result<()> {
    let centre = Centre::open().await?;
    let one = centre.sealed(RetentionKind::ShortTerm).await?;
    let erase = Command::Erase(trunkline_domain::recording::Erased {
        reason: trunkline_domain::recording::EraseReason::Unlawful,
    });
    // The process ends between the event and the removal: nobody has looked yet.
    centre.act(&trunkline_app::Single::<Recording> { id: one.0, command: erase }).await?;
    assert!(!centre.is_gone(one).await?);
    centre.days_later(0).await?;
    assert!(centre.is_gone(one).await?);
    // Looking again does no harm.
    centre.days_later(0).await
}
