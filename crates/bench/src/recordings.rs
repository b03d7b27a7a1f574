//! Audio sealed and opened, beside the bare cipher in the same run, and how much memory a long recording takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aes_gcm::aead::AeadInOut as _;
use aes_gcm::aead::array::Array;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clap::Args;
use trunkline_kernel::{CustomerId, Id as _, RecordingId};
use trunkline_recordings::archive::{Limits, Upload};
use trunkline_recordings::cipher::{ChunkSize, HEADER_BYTES, Header, Opener, Sealer};
use trunkline_recordings::objects::{Objects, Place};
use trunkline_recordings::{Archive, KeyFile, Owner, RecordingKey};
use uuid::Uuid;

const MIB: usize = 1 << 20;

/// The least share of the bare cipher's speed that sealing and opening must reach.
const SHARE_MIN: f64 = 0.6;

#[derive(Args, Clone)]
pub(crate) struct Arguments {
    /// MiB that are sealed and opened in each round
    #[arg(long, default_value_t = 256)]
    mib: usize,
    /// Rounds; the median counts
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// MiB of the long recording that is stored and played
    #[arg(long, default_value_t = 2_048)]
    long_mib: usize,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { mib: 256, rounds: 7, long_mib: 2_048 }
    }
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    println!("recordings: {} MiB a round, median of {} rounds, one thread", arguments.mib, arguments.rounds);
    let mut times: [Vec<Duration>; 4] = Default::default();
    // All four in each round, so that whatever else the machine does meets all alike.
    for _ in 0..arguments.rounds {
        let [raw_sealed, raw_opened] = raw(arguments.mib)?;
        let [sealed, opened] = sealed(arguments.mib)?;
        for (times, time) in times.iter_mut().zip([raw_sealed, raw_opened, sealed, opened]) {
            times.push(time);
        }
    }
    let speeds = times.map(|mut times| {
        times.sort();
        speed(arguments.mib, times.get(times.len() / 2).copied().unwrap_or_default())
    });
    let [raw_seal, raw_open, seal, open] = speeds;
    println!("{:<10} {:>14} {:>14} {:>8}", "", "bare MiB/s", "sealed MiB/s", "share");
    for (name, raw, ours) in [("encrypt", raw_seal, seal), ("decrypt", raw_open, open)] {
        let share = ours / raw;
        let judged = if share >= SHARE_MIN { "" } else { "  MISSED" };
        println!("{name:<10} {raw:>14.0} {ours:>14.0} {:>7.1}%{judged}", share * 100.0);
    }
    long(arguments.long_mib).await
}

#[expect(clippy::cast_precision_loss, reason = "a speed")]
fn speed(mib: usize, time: Duration) -> f64 {
    mib as f64 / time.as_secs_f64()
}

/// Noise that is not free to read: a buffer that the cache does not hold.
fn plaintext() -> Vec<u8> {
    (0..8 * MIB).map(|at| u8::try_from(at * 31 % 251).unwrap_or_default()).collect()
}

/// The bare cipher on the same chunks, copied as ours are.
fn raw(mib: usize) -> Result<[Duration; 2]> {
    let cipher = Aes256Gcm::new(&Array([7; 32]));
    let chunk_bytes = usize::try_from(ChunkSize::default().get())?;
    let (plain, nonce) = (plaintext(), Array([9; 12]));
    let mut chunks = plain.chunks(chunk_bytes).cycle();
    let mut buffer = vec![0; chunk_bytes];
    let count = mib * MIB / chunk_bytes;
    let began = Instant::now();
    let mut tag = Default::default();
    for chunk in chunks.by_ref().take(count) {
        buffer.copy_from_slice(chunk);
        let sealed = cipher.encrypt_inout_detached(&nonce, b"", (&mut buffer[..]).into());
        tag = sealed.ok().context("the cipher failed")?;
    }
    let sealed = began.elapsed();
    let stored = buffer.clone();
    let began = Instant::now();
    for _ in 0..count {
        buffer.copy_from_slice(&stored);
        let opened = cipher.decrypt_inout_detached(&nonce, b"", (&mut buffer[..]).into(), &tag);
        opened.ok().context("the cipher failed")?;
    }
    Ok([sealed, began.elapsed()])
}

/// The same through sealer and opener; the stored part is thrown away but for one window, so that memory is not what
/// is measured.
fn sealed(mib: usize) -> Result<[Duration; 2]> {
    let key = RecordingKey::from_bytes([7; 32]);
    let id = RecordingId::from_uuid(Uuid::from_u128(1));
    let plain = plaintext();
    let window = plain.len();
    let rounds = (mib * MIB / window).max(1);
    let (mut sealing, mut opening) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..rounds {
        let mut stored: Vec<Bytes> = Vec::with_capacity(window / 65_536 + 2);
        let began = Instant::now();
        let mut sealer = Sealer::new(&key, id, 0, ChunkSize::default())?;
        stored.push(sealer.header());
        for piece in plain.chunks(16_384) {
            sealer.push(piece, |chunk| stored.push(chunk))?;
        }
        stored.push(sealer.finish()?);
        sealing += began.elapsed();
        let header = Header::parse(stored.first().context("no header")?)?;
        ensure!(stored[0].len() == HEADER_BYTES);
        let mut length = 0;
        let began = Instant::now();
        let mut opener = Opener::whole(&key, &header);
        for piece in &stored[1..] {
            opener.push(piece, |chunk| length += chunk.len())?;
        }
        length += opener.finish()?.len();
        opening += began.elapsed();
        ensure!(length == plain.len());
    }
    Ok([sealing, opening])
}

/// A long recording through the archive: stored in a folder, read back, played. Memory must not grow with it.
async fn long(mib: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let open = |name: &str| Objects::open(&Place::Folder(folder.path().join(name)));
    let wrap = Arc::new(KeyFile::open(&folder.path().join("key"))?);
    let archive = Arc::new(Archive::new(open("audio")?, open("keys")?, wrap, Limits::default()));
    let id = RecordingId::from_uuid(Uuid::from_u128(1));
    let owner = Owner::Customer(CustomerId::from_uuid(Uuid::from_u128(2)));
    let length = (mib * MIB) as u64;
    let plain = Bytes::from(plaintext());
    let before = peak_rss_mib()?;
    let began = Instant::now();
    archive.begin(id, owner, &Upload { length: Some(length), media_type: "audio/wav".to_owned() }).await?;
    let pieces =
        (0..mib * 16).map(move |at| Ok::<_, ()>(plain.slice(at * 65_536 % plain.len()..).slice(..65_536)));
    let (end, ended) = archive.append(id, owner, 0, futures::stream::iter(pieces)).await?;
    ended?;
    ensure!(end == length);
    let stored = began.elapsed();
    let began = Instant::now();
    archive.finish(id, owner).await?;
    let read_back = began.elapsed();
    let began = Instant::now();
    let mut playback = archive.play(id, owner, 0..length).await?;
    let mut played = 0;
    while let Some(piece) = playback.next().await? {
        played += piece.len() as u64;
    }
    ensure!(played == length);
    println!(
        "a recording of {mib} MiB in a folder: stored at {:.0} MiB/s (each part synced), read back with digests at \
         {:.0} MiB/s, played at {:.0} MiB/s",
        speed(mib, stored),
        speed(mib, read_back),
        speed(mib, began.elapsed())
    );
    println!("peak RSS {} MiB, {before} MiB before it\n", peak_rss_mib()?);
    Ok(())
}

fn peak_rss_mib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib / 1024)
}
