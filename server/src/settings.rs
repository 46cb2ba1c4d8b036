//! The configuration file: its template, and how it becomes a [`Config`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use confique::toml::FormatOptions;
use confique::{Config as _, Layer as _};
use recado_shared::io_reason;
use serde::{Deserialize as _, Deserializer, de};

use crate::config::{Config, Limits, Policy, Reloadable};
use crate::net::ListenAddress;
use crate::public_address::PublicAddress;

/// Configuration of recado-server. Every line is optional and shows the default. Options on the command
/// line override it.
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Settings {
    /// Port to listen on, or HOST:PORT like "localhost:7400"; with port 0 the system chooses one.
    /// Default: port 7322 on all addresses.
    #[config(deserialize_with = parsed)]
    pub(crate) listen: Option<ListenAddress>,

    /// Data folder. Default: $XDG_DATA_HOME/recado-server.
    pub(crate) data: Option<PathBuf>,

    /// Who may register: "invite" (people with an invite), "open" (anyone) or "closed" (no one).
    /// Registered users can sign in with any policy.
    #[config(default = "invite")]
    pub(crate) policy: Policy,

    /// Address used in invites, like "chat.example.org" or "chat.example.org:443". Default: the last one that
    /// --public-address set, else the machine's own.
    #[config(deserialize_with = public_address)]
    pub(crate) public_address: Option<PublicAddress>,

    #[config(nested)]
    limits: Limits,
}

fn public_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PublicAddress, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        de::Error::custom(format!(
            "public_address is {text:?}, but must look like \"chat.example.org:7322\""
        ))
    })
}

fn parsed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ListenAddress, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(de::Error::custom)
}

/// The configuration file with all settings commented out.
pub(crate) fn template() -> String {
    confique::toml::template::<Settings>(FormatOptions::default())
}

/// Reads a configuration file. A missing one is an error only if it is required.
pub(crate) fn read(path: &Path, is_required: bool) -> Result<Settings> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_required => String::new(),
        Err(error) => bail!(
            "cannot read {}: {}",
            path.display(),
            io_reason::describe(&error)
        ),
    };
    let error_at =
        |line: usize, reason: String| anyhow!("error in {}, line {line}: {reason}", path.display());
    let layer: <Settings as confique::Config>::Layer = toml::from_str(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        error_at(1 + before.matches('\n').count(), describe(error.message()))
    })?;
    let defaults = <Settings as confique::Config>::Layer::default_values();
    let settings = Settings::from_layer(layer.with_fallback(defaults));
    let settings = settings.map_err(|error| error_at(1, error.to_string()))?;
    settings.limits.check().map_err(|error| {
        let is_setting = |line: &str| line.split('=').next().map(str::trim) == Some(error.setting);
        let line = text.lines().position(is_setting);
        error_at(1 + line.unwrap_or(0), error.to_string())
    })?;
    Ok(settings)
}

/// A message of the parser in the words of the configuration.
fn describe(message: &str) -> String {
    match message.strip_prefix("unknown field ") {
        Some(rest) => {
            let name = rest.split(',').next().unwrap_or(rest);
            format!("unknown setting {name}. `recado-server config` lists all settings")
        }
        None => message.replace("unknown variant", "unknown value"),
    }
}

impl Settings {
    /// The part that a running server takes over.
    pub(crate) fn reloadable(&self) -> Reloadable {
        Reloadable {
            policy: self.policy,
            limits: self.limits,
        }
    }

    /// The settings that differ from others and need a new start, by their names.
    pub(crate) fn fixed_changes(&self, other: &Self) -> Vec<&'static str> {
        let fixed = [
            ("listen", self.listen != other.listen),
            ("data", self.data != other.data),
            (
                "public_address",
                self.public_address != other.public_address,
            ),
        ];
        let fixed = fixed.into_iter();
        fixed
            .filter_map(|(name, differs)| differs.then_some(name))
            .collect()
    }

    /// The configuration of the server, without a local ticket.
    pub(crate) fn config(&self, data_dir: PathBuf) -> Config {
        Config {
            policy: self.policy,
            public_address: self.public_address.clone(),
            limits: self.limits,
            ..Config::new(data_dir)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Settings> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, text).unwrap();
        read(&path, true)
    }

    #[test]
    fn without_a_file_the_settings_are_those_of_the_library() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let config = read(&path, false).unwrap().config("data".into());
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
        assert_eq!(settings.listen, "127.0.0.1:0".parse().ok());
        let config = settings.config("data".into());
        assert_eq!(config.policy, Policy::Open);
        assert_eq!(config.public_address, Some("chat.example".parse().unwrap()));
        assert_eq!(config.limits.max_sessions, 7);
    }

    #[test]
    fn an_error_names_the_line_and_the_setting() {
        for (text, line, named) in [
            ("\npolices = \"open\"", 2, "unknown setting `polices`"),
            ("policy = \"anarchy\"", 1, "anarchy"),
            ("[limits]\nmax_users = \"many\"", 2, "many"),
            ("[limits]\n\nmax_users = 0", 3, "max_users is 0"),
            ("public_address = \"a b\"", 1, "\"a b\""),
            ("\nlisten = \"a b\"", 2, "\"a b\""),
            ("policy", 1, ""),
        ] {
            let error = read_text(text).unwrap_err().to_string();
            let start = format!("config, line {line}: ");
            assert!(error.contains(&start) && error.contains(named), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}
