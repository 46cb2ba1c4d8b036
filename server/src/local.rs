//! The running servers of the same operating-system user, found by their local tickets. A note beside a ticket
//! names the server's data folder, for programs that administer it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use recado_shared::{Fingerprint, Invite, ServerAddress};

use crate::files;
use crate::paths::Paths;

/// The data of a server of this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalServer {
    pub data_dir: PathBuf,
    /// The address in its invites; `None` if it never ran.
    pub public_address: Option<ServerAddress>,
}

impl LocalServer {
    /// Finds the server with this key: the running one that left a note, or the one in the default data
    /// folder. `None` also if its key file cannot be read. It blocks on the disk.
    pub fn find(paths: &Paths, fingerprint: Fingerprint) -> Option<Self> {
        let noted = paths.local_tickets.iter().filter_map(|ticket| {
            let line = fs::read_to_string(ticket).ok()?;
            let ticket_of = line.trim().parse::<Invite>().ok()?;
            (ticket_of.fingerprint == fingerprint).then(|| read_note(ticket))?
        });
        let default = std::iter::once(paths.data_dir.clone());
        let data_dir = noted.chain(default).find(|data_dir| {
            let key = files::read_key(data_dir).ok().flatten();
            key.is_some_and(|key| key.fingerprint() == fingerprint)
        })?;
        let public_address = files::read_address(&data_dir);
        Some(Self {
            data_dir,
            public_address,
        })
    }
}

/// The file beside a ticket with the path of the data folder.
pub(crate) fn note_of(ticket: &Path) -> PathBuf {
    ticket.with_extension("data")
}

fn read_note(ticket: &Path) -> Option<PathBuf> {
    let path = fs::read(note_of(ticket)).ok()?;
    Some(OsString::from_vec(path).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::TicketFile;

    #[test]
    fn a_server_is_found_by_its_ticket_or_in_the_default_folder() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths {
            data_dir: dir.path().join("default"),
            config_file: dir.path().join("config.toml"),
            local_tickets: vec![dir.path().join("run/local.ticket")],
        };
        let start = |data_dir: &Path, address: &str| {
            fs::create_dir(data_dir).unwrap();
            let key = files::read_or_make_key(data_dir).unwrap();
            files::write_address(data_dir, &address.parse().unwrap()).unwrap();
            Invite {
                address: "127.0.0.1:1".parse().unwrap(),
                fingerprint: key.fingerprint(),
                token: None,
            }
        };
        let elsewhere = dir.path().join("elsewhere");
        let (here, there) = (
            start(&paths.data_dir, "here.example:1"),
            start(&elsewhere, "there.example:2"),
        );
        let ticket = TicketFile::write_first(&paths.local_tickets, &there, &elsewhere).unwrap();
        let found = LocalServer::find(&paths, there.fingerprint).unwrap();
        assert_eq!(found.data_dir, elsewhere);
        assert_eq!(found.public_address, "there.example:2".parse().ok());
        let found = LocalServer::find(&paths, here.fingerprint).unwrap();
        assert_eq!(found.data_dir, paths.data_dir);
        assert_eq!(LocalServer::find(&paths, Fingerprint([1; 32])), None);
        drop(ticket);
        assert_eq!(LocalServer::find(&paths, there.fingerprint), None);
        assert_eq!(fs::read_dir(dir.path().join("run")).unwrap().count(), 0);
    }
}
