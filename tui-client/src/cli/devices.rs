//! What `recado link` and `recado devices` take.

use clap::{Args, Subcommand};
use recado_shared::{DeviceName, LinkCode};

pub(crate) const LINK_HELP: &str = "\
Shows a code, and waits until a device that is linked already approves it: after comparing, with
/link CODE in recado, or with 'recado devices approve CODE'. Nobody is asked for a password.";

pub(crate) const DEVICES_HELP: &str = "\
Fields of a JSON line: number, the device's place in the list; name, or null; key, its public key in
hexadecimal digits; added and seen, times in UTC, seen null where it never came; online; own, whether
it is the one that asks. WHICH is a name or a number.";

/// What to do with devices.
#[derive(Args, Debug)]
pub(crate) struct DevicesArguments {
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) act: Option<DeviceAct>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceAct {
    /// Let the device in that shows this code
    Approve {
        /// As the new device shows it
        code: LinkCode,
        /// What to call it [default: what it calls itself]
        #[arg(long, value_parser = device_name)]
        name: Option<DeviceName>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Give a device a name
    Rename {
        /// Which one
        which: String,
        /// What to call it
        #[arg(value_parser = device_name)]
        name: DeviceName,
    },
    /// Take a device away: it is let in no more
    Revoke {
        /// Which one
        which: String,
    },
}

fn device_name(text: &str) -> Result<DeviceName, String> {
    DeviceName::new(text).map_err(|error| error.to_string())
}
