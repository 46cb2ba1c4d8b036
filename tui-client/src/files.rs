//! Small private files, written whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use recado_shared::io_reason::describe;

/// A file or folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "Cannot use {}: {}. Check its owner, its permissions and the free space.",
    .path.display(),
    describe(.source)
)]
pub struct FileError {
    pub path: PathBuf,
    pub source: io::Error,
}

pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError { path, source }
}

/// Makes a folder that only its owner may enter.
pub(crate) fn make_folder(path: &Path) -> Result<(), FileError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(at(path))
}

/// Writes a file that only its owner may read, synced to disk before it gets its name.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    // Opened, written and synced without the wrappers of `tempfile`, which add its path to errors.
    let open = |temporary: &Path| {
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(temporary)
    };
    let replace = || {
        let mut temporary = tempfile::Builder::new()
            .prefix(path.file_name().unwrap_or_default())
            .suffix(".tmp")
            .make_in(parent(path), open)?;
        temporary.as_file_mut().write_all(bytes)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path)?;
        Ok(())
    };
    replace().map_err(at(path))?;
    sync_folder(path)
}

/// Makes a new or renamed file's name last.
pub(crate) fn sync_folder(path: &Path) -> Result<(), FileError> {
    let folder = parent(path);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at(folder))
}

/// The folder of a file, which is the working directory for a bare name.
pub(crate) fn parent(path: &Path) -> &Path {
    let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_that_of_the_system_and_leaves_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let missing = write(&folder.path().join("missing/file"), b"x").unwrap_err();
        assert!(missing.source.raw_os_error().is_some(), "{missing}");
        let occupied = folder.path().join("occupied");
        make_folder(&occupied.join("inner")).unwrap();
        let occupied = write(&occupied, b"x").unwrap_err();
        assert!(occupied.source.raw_os_error().is_some(), "{occupied}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }
}
