//! Secrets on this machine: files of private keys, and the memory of the process that holds them.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, Rlimit, setrlimit};
use zeroize::Zeroizing;

/// Longest file of a key that is read, in bytes. An Ed25519 key in PKCS #8 has 83 (RFC 8410).
const MAX_LEN: usize = 4 * 1024;

/// Mode bits of the group and of others.
const NOT_THE_OWNER: u32 = 0o077;

/// The file of a secret cannot be read.
#[derive(Debug)]
pub enum SecretError {
    /// Its path is known to the caller.
    Io(io::Error),
    /// The group or other users may access it.
    Exposed(Exposed),
}

/// A secret that more users than its owner may access.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "other users of this machine may use the key file {} (mode {mode:o}). Run: chmod 600 '{}'",
    .path.display(),
    .path.display()
)]
pub struct Exposed {
    /// The place of the file, for the command that fixes it.
    pub path: PathBuf,
    /// The permission bits of the file, as `chmod` takes them.
    pub mode: u32,
}

/// Reads a secret that only its owner may access. The memory of the content is zeroed when it is dropped.
///
/// # Errors
/// The file cannot be read, or others may access it.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let mut file = File::open(path).map_err(SecretError::Io)?;
    let mode = file.metadata().map_err(SecretError::Io)?.mode() & 0o777;
    if mode & NOT_THE_OWNER != 0 {
        let path = path.to_owned();
        return Err(SecretError::Exposed(Exposed { path, mode }));
    }
    // A buffer that grows would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN));
    bytes.resize(MAX_LEN, 0);
    let mut len = 0;
    loop {
        match file.read(bytes.get_mut(len..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(SecretError::Io(error)),
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}

/// Keeps the memory of this process out of core dumps, and on Linux also from debuggers of the same user:
/// it holds private keys and messages. Where the system does not allow that, it stays as it was.
pub fn protect_process() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // Programs that take dumps by `core_pattern` do not regard the limit.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_that_others_may_use_is_refused_with_the_command_that_fixes_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        fs::write(&path, "secret").unwrap();
        let set = |mode| fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        for mode in [0o600, 0o400, 0o700] {
            set(mode);
            assert_eq!(**read(&path).unwrap(), *b"secret", "{mode:o}");
        }
        for mode in [0o640, 0o604, 0o620, 0o601, 0o666] {
            set(mode);
            let Err(SecretError::Exposed(exposed)) = read(&path) else {
                panic!("{mode:o} is refused");
            };
            let fix = format!("chmod 600 '{}'", path.display());
            assert!(exposed.to_string().ends_with(&fix), "{exposed}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_protected_process_leaves_no_core_dump() {
        use rustix::process::{DumpableBehavior, dumpable_behavior, getrlimit};
        protect_process();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    }

    #[test]
    fn a_file_is_read_up_to_the_longest_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        let Err(SecretError::Io(error)) = read(&path) else {
            panic!("there is none");
        };
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        fs::write(&path, vec![7; 2 * MAX_LEN]).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(&path).unwrap().len(), MAX_LEN);
    }
}
