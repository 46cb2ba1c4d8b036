//! The command `compact`.

use std::io::{self, Write as _};

use anyhow::Result;

use super::target::Target;
use crate::store;

pub(super) fn compact(target: &Target) -> Result<()> {
    let dir = target.data_dir.display();
    writeln!(
        io::stderr(),
        "Compacting {dir}. This takes a while with many messages …"
    )?;
    let lens = store::compact(&target.data_dir)?;
    writeln!(
        io::stderr(),
        "The database has {} instead of {}",
        mib(lens.after),
        mib(lens.before)
    )?;
    Ok(())
}

/// A length in MiB with one digit after the point.
fn mib(len: u64) -> String {
    let tenths = len.saturating_mul(10) >> 20;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
