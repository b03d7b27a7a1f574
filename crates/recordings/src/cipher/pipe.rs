//! Sealing and opening from one end to another, a chunk at a time.

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use trunkline_kernel::RecordingId;

use super::{ChunkSize, HEADER_BYTES, Header, OpenError, Opener, SealError, Sealer};
use crate::RecordingKey;

/// How much is read at once.
const READ_BYTES: usize = 1 << 16;

/// Seals all that `from` gives into one part, and says how much plaintext it was.
///
/// # Errors
/// When either end fails, there is no randomness, or it is more than a part can hold.
pub async fn seal(
    key: &RecordingKey,
    recording: RecordingId,
    chunk: ChunkSize,
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<u64, SealError> {
    let mut sealer = Sealer::new(key, recording, 0, chunk)?;
    to.write_all(&sealer.header()).await?;
    let (mut plain, mut ready, mut length) = (BytesMut::with_capacity(READ_BYTES), Vec::new(), 0_u64);
    while from.read_buf(&mut plain).await? > 0 {
        length += plain.len() as u64;
        sealer.push(&plain, |chunk| ready.push(chunk))?;
        plain.clear();
        write_all(to, &mut ready).await?;
    }
    to.write_all(&sealer.finish()?).await?;
    to.flush().await?;
    Ok(length)
}

/// Opens the whole part that `from` gives, and says how much plaintext it was. What was written to `to` before an
/// error is genuine but not all there is.
///
/// # Errors
/// When either end fails, or the part is not the one that was written for the start of this recording.
pub async fn open(
    key: &RecordingKey,
    recording: RecordingId,
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<u64, OpenError> {
    let mut header = [0; HEADER_BYTES];
    from.read_exact(&mut header).await.map_err(|error| {
        let ended = error.kind() == std::io::ErrorKind::UnexpectedEof;
        if ended { OpenError::Truncated } else { OpenError::Io(error) }
    })?;
    let header = Header::parse(&header)?.expect(recording, 0)?;
    let mut opener = Opener::whole(key, &header);
    let (mut stored, mut ready, mut length) = (BytesMut::with_capacity(READ_BYTES), Vec::new(), 0_u64);
    while from.read_buf(&mut stored).await? > 0 {
        opener.push(&stored, |chunk| ready.push(chunk))?;
        stored.clear();
        length += write_all(to, &mut ready).await?;
    }
    let last = opener.finish()?;
    to.write_all(&last).await?;
    to.flush().await?;
    Ok(length + last.len() as u64)
}

async fn write_all(to: &mut (impl AsyncWrite + Unpin), ready: &mut Vec<Bytes>) -> std::io::Result<u64> {
    let mut length = 0;
    for chunk in ready.drain(..) {
        to.write_all(&chunk).await?;
        length += chunk.len() as u64;
    }
    Ok(length)
}
