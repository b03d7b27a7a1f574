//! Searching files for the values of an erased person, byte by byte, whatever wrote them.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// How much of a file is read at once.
const CHUNK_BYTES: usize = 1 << 20;
/// How deep folders are searched; links are not followed.
const DEPTH_MAX: usize = 32;

/// What was found in files.
#[derive(Debug, Default)]
pub(super) struct Searched {
    /// How many files were read.
    pub(super) files: usize,
    /// Where one of the values stands, and how often.
    pub(super) found: Vec<(PathBuf, usize)>,
    /// Files that hold something packed, which cannot be searched.
    pub(super) packed: Vec<PathBuf>,
}

/// The forms in which a value can stand in a file: as it is, as JSON escapes it, and in the two orders of UTF-16.
pub(super) fn needles(values: &[String]) -> Vec<Vec<u8>> {
    let mut needles = Vec::new();
    for value in values.iter().filter(|value| !value.is_empty()) {
        needles.push(value.as_bytes().to_vec());
        let escaped: String = value
            .encode_utf16()
            .map(|unit| match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                _ => format!("\\u{unit:04x}"),
            })
            .collect();
        needles.push(escaped.into_bytes());
        needles.push(value.encode_utf16().flat_map(u16::to_le_bytes).collect());
        needles.push(value.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    needles.sort_unstable();
    needles.dedup();
    needles
}

/// Searches every file below a folder.
///
/// # Errors
/// When something below it cannot be read: what was not searched must not count as clean.
pub(super) fn search(folder: &Path, needles: &[Vec<u8>]) -> anyhow::Result<Searched> {
    let mut searched = Searched::default();
    walk(folder, needles, 0, &mut searched)?;
    Ok(searched)
}

fn walk(at: &Path, needles: &[Vec<u8>], depth: usize, searched: &mut Searched) -> anyhow::Result<()> {
    let unreadable = || format!("cannot search {}", at.display());
    let about = fs::symlink_metadata(at).with_context(unreadable)?;
    if about.is_dir() {
        anyhow::ensure!(depth < DEPTH_MAX, "{} is nested too deep to be searched", at.display());
        for entry in fs::read_dir(at).with_context(unreadable)? {
            walk(&entry.with_context(unreadable)?.path(), needles, depth + 1, searched)?;
        }
    } else if about.is_file() {
        searched.files += 1;
        let mut file = File::open(at).with_context(unreadable)?;
        let (count, packed) = count(&mut file, needles).with_context(unreadable)?;
        if count > 0 {
            searched.found.push((at.to_owned(), count));
        }
        if packed {
            searched.packed.push(at.to_owned());
        }
    }
    Ok(())
}

/// How often the needles stand in a file, and whether the file is packed (gzip, zstd, bzip2, xz, zip).
fn count(file: &mut impl std::io::Read, needles: &[Vec<u8>]) -> std::io::Result<(usize, bool)> {
    const PACKED: [&[u8]; 5] =
        [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], b"BZh", &[0xfd, b'7', b'z', b'X', b'Z'], b"PK\x03\x04"];
    let longest = needles.iter().map(Vec::len).max().unwrap_or(1);
    let mut window = Vec::with_capacity(CHUNK_BYTES + longest);
    let (mut found, mut packed, mut first) = (0, false, true);
    loop {
        let kept = window.len();
        let read = file.take(CHUNK_BYTES as u64).read_to_end(&mut window)?;
        if std::mem::take(&mut first) {
            packed = PACKED.iter().any(|magic| window.starts_with(magic));
        }
        for needle in needles {
            // What ends in the part that was kept was counted before.
            let from = kept.saturating_sub(needle.len().saturating_sub(1));
            found += window[from..].windows(needle.len()).filter(|bytes| bytes == needle).count();
        }
        if read == 0 {
            return Ok((found, packed));
        }
        let cut = window.len().saturating_sub(longest - 1);
        window.drain(..cut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_every_form_and_over_the_seams_of_reading() {
        let needles = needles(&["王芳".to_owned(), "+8613812345678".to_owned()]);
        for text in [
            "..王芳..".as_bytes().to_vec(),
            b"{\"name\":\"\\u738b\\u82b3\"}".to_vec(),
            "王芳".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            b"tel +8613812345678".to_vec(),
        ] {
            assert_eq!(count(&mut text.as_slice(), &needles).unwrap().0, 1, "{text:?}");
        }
        for before in [CHUNK_BYTES - 7, CHUNK_BYTES - 3, CHUNK_BYTES, CHUNK_BYTES + 1] {
            let text = [vec![b'x'; before], b"+8613812345678".to_vec(), vec![b'x'; 100]].concat();
            assert_eq!(count(&mut text.as_slice(), &needles).unwrap().0, 1, "after {before} bytes");
        }
        assert_eq!(count(&mut "王 芳".as_bytes(), &needles).unwrap(), (0, false));
        assert!(count(&mut [0x1f, 0x8b, 8].as_slice(), &needles).unwrap().1);
    }

    #[test]
    fn whole_folders_are_searched_and_what_cannot_be_read_is_no_clean_bill() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/dump.sql"), "INSERT ('王芳'), ('王芳')").unwrap();
        fs::write(folder.path().join("clean"), "nothing").unwrap();
        let searched = search(folder.path(), &needles(&["王芳".to_owned()])).unwrap();
        assert_eq!(searched.files, 2);
        assert_eq!(searched.found, [(folder.path().join("a/b/dump.sql"), 2)]);
        assert!(search(&folder.path().join("missing"), &[]).is_err());
    }
}
