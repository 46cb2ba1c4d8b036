//! The commands `backup` and `restore`.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Result;

use super::target::Target;
use crate::store;

pub(super) fn make(target: &Target, file: &Path, replaces: bool) -> Result<()> {
    store::back_up(&target.data_dir, file, replaces)?;
    writeln!(
        io::stderr(),
        "Backed up {} to {}. The file has the server's key: keep it secret",
        target.data_dir.display(),
        file.display()
    )?;
    Ok(())
}

pub(super) fn restore(target: &Target, file: &Path) -> Result<()> {
    let restored = store::restore(&target.data_dir, file)?;
    let mut err = io::stderr();
    let (dir, file) = (target.data_dir.display(), file.display());
    writeln!(err, "Restored {file} into {dir}")?;
    if !restored.has_key {
        writeln!(
            err,
            "Note: the file has no key. The key of the folder stays"
        )?;
    }
    if let Some(aside) = restored.aside {
        let aside = aside.display();
        writeln!(err, "The data that was there before is in {aside}")?;
    }
    writeln!(
        err,
        "What was accepted after the backup was made is gone. Clients notice it when they connect, and offer to \
         send their own messages again"
    )?;
    Ok(())
}
