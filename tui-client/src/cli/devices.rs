//! Arguments and help of `recado link` and `recado devices`.

use clap::{Args, Subcommand};
use recado_shared::{DeviceName, LinkCode};

pub(crate) const LINK_HELP: &str = "\
Shows a code and waits until you approve it on a device that you already use: compare the code there,
then type /link CODE in Recado, or run 'recado devices approve CODE'. There is no password.";

pub(crate) const DEVICES_HELP: &str = "\
Fields of a JSON line: number (its place in the list); name (or null); key (its public key in
hexadecimal digits); added and seen (times in UTC; seen is null if it never connected); online; own
(whether it is this device). DEVICE is a name or a number of the list.";

/// Arguments of `recado devices`.
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
    /// Link the device that shows this code
    Approve {
        /// The code on the new device
        code: LinkCode,
        /// Name for the device [default: the name that it suggests]
        #[arg(long, value_parser = device_name)]
        name: Option<DeviceName>,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Rename one of your devices
    Rename {
        /// Name or number of the device
        #[arg(value_name = "DEVICE")]
        which: String,
        /// Its new name
        #[arg(value_parser = device_name)]
        name: DeviceName,
    },
    /// Revoke a device: it can no longer connect
    Revoke {
        /// Name or number of the device
        #[arg(value_name = "DEVICE")]
        which: String,
    },
}

fn device_name(text: &str) -> Result<DeviceName, String> {
    DeviceName::new(text).map_err(|error| error.to_string())
}
