//! The file of the signing key.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use trunkline_notary::{InvalidKey, KeyId, SigningKey};

/// What is appended to the file's name while a key is being replaced.
const NEXT: &str = "next";

/// Where the signing key is. Only its owner may read the file.
#[derive(Clone, Debug)]
pub struct KeyFile(PathBuf);

/// Why a key's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or written.
    #[error("the key file {} cannot be used", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It holds no key.
    #[error("the key file {} holds no key", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: InvalidKey,
    },
    /// Others than its owner may read or write it.
    #[error("the key file {} can be read by others (mode {mode:o}); run `chmod 600` on it", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

impl KeyFile {
    /// The key in this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the key; none when there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others, or holds no key.
    pub fn read(&self) -> Result<Option<SigningKey>, KeyError> {
        let fault = |source| KeyError::File { path: self.0.clone(), source };
        match fs::metadata(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault(error)),
            Ok(metadata) => self.check_mode(&metadata)?,
        }
        let text = fs::read_to_string(&self.0).map_err(fault)?;
        let key = SigningKey::from_pem(&text);
        key.map(Some).map_err(|source| KeyError::Key { path: self.0.clone(), source })
    }

    /// Reads the key, or makes one where there is no file.
    ///
    /// # Errors
    /// As [`KeyFile::read`], or when the file cannot be made.
    pub fn read_or_make(&self) -> Result<SigningKey, KeyError> {
        match self.read()? {
            Some(key) => Ok(key),
            None => self.make(),
        }
    }

    /// The key that is about to take over, made where it is not there yet.
    ///
    /// # Errors
    /// As [`KeyFile::read_or_make`].
    pub fn next(&self) -> Result<SigningKey, KeyError> {
        self.next_file().read_or_make()
    }

    /// Puts the next key in the place of the present one, which is gone then; does nothing unless the next key has
    /// this name.
    ///
    /// # Errors
    /// When the files cannot be read or moved.
    pub fn take_over(&self, by: KeyId) -> Result<(), KeyError> {
        let next = self.next_file();
        let is_next = next.read()?.is_some_and(|key| key.public().id() == by);
        if !is_next {
            return Ok(());
        }
        let fault = |source| KeyError::File { path: self.0.clone(), source };
        fs::rename(&next.0, &self.0).map_err(fault)?;
        sync_folder(&self.0).map_err(fault)
    }

    fn next_file(&self) -> Self {
        let mut name = self.0.clone().into_os_string();
        name.push(".");
        name.push(NEXT);
        Self(name.into())
    }

    fn make(&self) -> Result<SigningKey, KeyError> {
        let fault = |source| KeyError::File { path: self.0.clone(), source };
        let wrong = |source| KeyError::Key { path: self.0.clone(), source };
        if let Some(folder) = self.0.parent() {
            fs::create_dir_all(folder).map_err(fault)?;
        }
        let text = SigningKey::generate().map_err(wrong)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.0).map_err(fault)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
        sync_folder(&self.0).map_err(fault)?;
        SigningKey::from_pem(&text).map_err(wrong)
    }

    #[cfg(unix)]
    fn check_mode(&self, metadata: &fs::Metadata) -> Result<(), KeyError> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::Open { path: self.0.clone(), mode }) }
    }

    #[cfg(not(unix))]
    fn check_mode(&self, _metadata: &fs::Metadata) -> Result<(), KeyError> {
        Ok(())
    }
}

/// Makes a new name in a folder outlive a power cut.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
