//! The configuration file: what it may say, its template, and how it becomes a [`Config`].

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use confique::toml::FormatOptions;
use confique::{Config as _, File, FileFormat, Layer as _};
use recado_shared::ServerAddress;

use crate::config::RateLimits;
use crate::config::{Config, Limits};
use crate::policy::Policy;

/// The settings of recado-server. Every line is optional and shows the default; a flag on the
/// command line goes before the same setting here.
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Settings {
    /// Where to listen, as an address and a port. Port 0 takes a free one. Without this the server
    /// listens on port 7322 of all addresses of the machine.
    pub(crate) listen: Option<std::net::SocketAddr>,

    /// The folder with the server's data. Without this it is $XDG_DATA_HOME/recado-server.
    pub(crate) data: Option<PathBuf>,

    /// Who may claim a new name: "invite" (who brings an invite), "open" (everybody) or "closed"
    /// (nobody). People who have a name come in with each of them.
    #[config(default = "invite")]
    pub(crate) policy: Policy,

    /// The address that invites name, like "chat.example.org:7322". Without this it is the
    /// machine's own.
    pub(crate) public_address: Option<String>,

    #[config(nested)]
    limits: LimitSettings,
}

/// How much of everything the server allows.
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct LimitSettings {
    /// Sessions at a time. Each needs a file descriptor: see `ulimit -n`.
    #[config(default = 4_096)]
    max_sessions: usize,

    /// People with a name, at most 100000.
    #[config(default = 10_000)]
    max_users: u64,

    /// Connections at a time from one address, or one /64 network of IPv6.
    #[config(default = 256)]
    max_connections_per_address: usize,

    /// Connections that are being made at a time; more wait.
    #[config(default = 64)]
    max_handshakes: usize,

    /// Connections that are being made at a time from one address, or one /64 network of IPv6;
    /// more wait.
    #[config(default = 16)]
    max_handshakes_per_address: usize,

    /// New names per hour from one address, or one /64 network of IPv6, under the policy "open".
    #[config(default = 20)]
    registrations_per_hour: u32,

    /// Frames per second that a session may send in the long run.
    #[config(default = 200)]
    frames_per_second: NonZeroU32,

    /// Frames that a session may send at once.
    #[config(default = 400)]
    frame_burst: NonZeroU32,

    /// Bytes per second that a session may send in the long run.
    #[config(default = 262_144)]
    bytes_per_second: NonZeroU32,

    /// Bytes that a session may send at once.
    #[config(default = 1_048_576)]
    byte_burst: NonZeroU32,
}

/// A configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read, or says something it may not.
    #[error("the configuration {} cannot be used: {source:#}. 'recado-server config' prints a correct one", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: confique::Error,
    },
    /// The public address is none.
    #[error("public_address is {0:?}, but must be like 'chat.example.org:7322'")]
    PublicAddress(String),
}

/// The configuration file as it looks with nothing set.
pub(crate) fn template() -> String {
    confique::toml::template::<Settings>(FormatOptions::default())
}

/// Reads a configuration file. Only one that was asked for must exist.
pub(crate) fn read(path: &Path, is_required: bool) -> Result<Settings, SettingsError> {
    let mut file = File::with_format(path, FileFormat::Toml);
    if is_required {
        file = file.required();
    }
    let defaults = <Settings as confique::Config>::Layer::default_values();
    file.load::<<Settings as confique::Config>::Layer>()
        .and_then(|layer| Settings::from_layer(layer.with_fallback(defaults)))
        .map_err(|source| SettingsError::File {
            path: path.to_owned(),
            source,
        })
}

impl Settings {
    /// The address that invites shall name, if it is set.
    pub(crate) fn public_address(&self) -> Result<Option<ServerAddress>, SettingsError> {
        let parse = |text: &String| {
            text.parse()
                .map_err(|_| SettingsError::PublicAddress(text.clone()))
        };
        self.public_address.as_ref().map(parse).transpose()
    }

    /// What the server is made with.
    pub(crate) fn config(&self, data_dir: PathBuf) -> Result<Config, SettingsError> {
        let limits = &self.limits;
        Ok(Config {
            data_dir,
            policy: self.policy,
            public_address: self.public_address()?,
            ticket_places: Vec::new(),
            limits: Limits {
                max_sessions: limits.max_sessions,
                max_users: limits.max_users,
                max_connections_per_address: limits.max_connections_per_address,
                max_handshakes: limits.max_handshakes,
                max_handshakes_per_address: limits.max_handshakes_per_address,
                registrations_per_hour: limits.registrations_per_hour,
                rates: RateLimits {
                    frames_per_second: limits.frames_per_second,
                    frame_burst: limits.frame_burst,
                    bytes_per_second: limits.bytes_per_second,
                    byte_burst: limits.byte_burst,
                },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Settings, SettingsError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, text).unwrap();
        read(&path, true)
    }

    #[test]
    fn without_a_file_the_settings_are_those_of_the_library() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let config = read(&path, false).unwrap().config("data".into()).unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::new("data")));
        assert!(read(&path, true).is_err());
    }

    #[test]
    fn the_template_is_a_correct_file() {
        let template = template();
        assert!(read_text(&template).is_ok());
        // Every commented setting is correct as it stands.
        let is_setting = |line: &&str| line.contains(" = ") && !line.starts_with("# ");
        let mut active = String::new();
        for line in template.lines() {
            let setting = line.strip_prefix('#').filter(is_setting);
            active.push_str(setting.unwrap_or(line));
            active.push('\n');
        }
        let settings = read_text(&active).unwrap();
        assert_eq!(settings.limits.max_users, 10_000);
    }

    #[test]
    fn a_file_sets_what_it_says() {
        let text = "policy = \"open\"\nlisten = \"127.0.0.1:0\"\npublic_address = \"chat.example\"\n\
                    [limits]\nmax_sessions = 7\n";
        let settings = read_text(text).unwrap();
        assert_eq!(settings.listen, Some(([127, 0, 0, 1], 0).into()));
        let config = settings.config("data".into()).unwrap();
        assert_eq!(config.policy, Policy::Open);
        assert_eq!(
            config.public_address,
            Some("chat.example:7322".parse().unwrap())
        );
        assert_eq!(config.limits.max_sessions, 7);
    }

    #[test]
    fn a_wrong_file_is_named_with_its_fault() {
        for (text, fault) in [
            ("polices = \"open\"", "polices"),
            ("policy = \"anarchy\"", "anarchy"),
            ("[limits]\nmax_users = \"many\"", "max_users"),
        ] {
            let error = read_text(text).unwrap_err().to_string();
            assert!(error.contains(fault), "{error}");
        }
        let error = read_text("public_address = \"a b\"").unwrap();
        let error = error.config("data".into()).unwrap_err().to_string();
        assert!(error.contains("\"a b\""), "{error}");
    }
}
