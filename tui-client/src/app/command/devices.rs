//! Lookup of one of the user's devices, wherever one is named: by its name, or by its place in
//! the list.

use crate::strings;
use recado_shared::Device;

/// Finds a device by its name, without regard to case, or by its number from 1.
///
/// Fails if there is none, or if several have the name.
pub(crate) fn find<'a>(which: &str, devices: &'a [Device]) -> Result<&'a Device, String> {
    let folded = which.to_lowercase();
    let is_called = |device: &&Device| {
        let name = device.name.as_ref();
        name.is_some_and(|name| name.as_str().to_lowercase() == folded)
    };
    let named: Vec<_> = devices.iter().filter(is_called).collect();
    match named[..] {
        [one] => return Ok(one),
        [_, _, ..] => return Err(strings::commands::several_devices(which)),
        [] => {}
    }
    let place = which.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let numbered = place.and_then(|at| devices.get(at));
    numbered.ok_or_else(|| strings::commands::no_device(which))
}

#[cfg(test)]
mod tests {
    use recado_shared::{DeviceKey, DeviceName, Timestamp};

    use super::*;

    #[test]
    fn devices_are_found_by_name_or_number() {
        let device = |key, name: &str| Device {
            key: DeviceKey([key; 32]),
            name: DeviceName::new(name).ok(),
            added: Timestamp(0),
            seen: None,
            is_online: false,
        };
        let devices = [
            device(1, "Laptop"),
            device(2, "desk"),
            device(3, "desk"),
            device(4, "1"),
        ];
        assert_eq!(find("laptop", &devices), Ok(&devices[0]));
        assert_eq!(find("3", &devices), Ok(&devices[2]));
        // A name goes before a number.
        assert_eq!(find("1", &devices), Ok(&devices[3]));
        assert!(find("desk", &devices).unwrap_err().contains("number"));
        for which in ["0", "5", "phone", "-1", ""] {
            assert!(find(which, &devices).is_err(), "{which}");
        }
    }
}
