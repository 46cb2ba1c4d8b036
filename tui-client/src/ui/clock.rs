//! Format of times of day: 12 or 24 hours, by the configuration or by the locale.

use std::str::FromStr;

/// Locales whose times have 12 hours, without their character sets: those of `t_fmt` in the GNU C library with most users.
const LOCALES_OF_12_HOURS: [&str; 21] = [
    "bn_BD", "bn_IN", "el_CY", "el_GR", "en_CA", "en_HK", "en_IN", "en_PH", "en_US", "fil_PH",
    "gu_IN", "hi_IN", "hy_AM", "kn_IN", "ml_IN", "mr_IN", "pa_IN", "sq_AL", "sw_KE", "sw_TZ",
    "ur_IN",
];

/// The user's choice of the format of times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockChoice {
    /// The locale of the environment decides.
    #[default]
    Auto,
    Hours12,
    Hours24,
}

impl FromStr for ClockChoice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "12-hour" => Ok(Self::Hours12),
            "24-hour" => Ok(Self::Hours24),
            _ => Err(()),
        }
    }
}

impl ClockChoice {
    /// The format in an environment with these variables: the first of `LC_ALL`, `LC_TIME` and `LANG` that is set decides.
    pub fn format(self, variable: impl Fn(&str) -> Option<String>) -> ClockFormat {
        match self {
            Self::Hours12 => ClockFormat::Hours12,
            Self::Hours24 => ClockFormat::Hours24,
            Self::Auto => {
                let value = |name| variable(name).filter(|value| !value.is_empty());
                let locale = ["LC_ALL", "LC_TIME", "LANG"].into_iter().find_map(value);
                let locale = locale.unwrap_or_default();
                let territory = locale.split(['.', '@']).next().unwrap_or_default();
                if LOCALES_OF_12_HOURS.contains(&territory) {
                    ClockFormat::Hours12
                } else {
                    ClockFormat::Hours24
                }
            }
        }
    }
}

/// How times of day are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockFormat {
    /// As `9:41am`, without a leading zero.
    Hours12,
    /// As `09:41`, with a leading zero.
    #[default]
    Hours24,
}

impl ClockFormat {
    /// Cells of the longest time.
    pub(super) const fn width(self) -> u16 {
        match self {
            Self::Hours12 => 7,
            Self::Hours24 => 5,
        }
    }

    /// The format for `strftime`.
    pub(super) const fn pattern(self) -> &'static str {
        match self {
            Self::Hours12 => "%-I:%M%P",
            Self::Hours24 => "%H:%M",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_unless_the_configuration_does() {
        let format = |choice: ClockChoice, set: &[(&str, &str)]| {
            choice.format(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        for (set, expected) in [
            (&[][..], ClockFormat::Hours24),
            (&[("LANG", "en_US.UTF-8")], ClockFormat::Hours12),
            (&[("LANG", "en_US")], ClockFormat::Hours12),
            (&[("LANG", "el_GR.UTF-8@euro")], ClockFormat::Hours12),
            (&[("LANG", "en_GB.UTF-8")], ClockFormat::Hours24),
            (
                &[("LC_TIME", "pt_BR.UTF-8"), ("LANG", "en_US.UTF-8")],
                ClockFormat::Hours24,
            ),
            (
                &[("LC_ALL", ""), ("LC_TIME", "en_US.UTF-8"), ("LANG", "C")],
                ClockFormat::Hours12,
            ),
            (
                &[("LC_ALL", "C.UTF-8"), ("LC_TIME", "en_US.UTF-8")],
                ClockFormat::Hours24,
            ),
        ] {
            assert_eq!(format(ClockChoice::Auto, set), expected, "{set:?}");
        }
        let american = &[("LANG", "en_US.UTF-8")];
        let chosen = format(ClockChoice::Hours24, american);
        assert_eq!(chosen, ClockFormat::Hours24);
        assert_eq!(format(ClockChoice::Hours12, &[]), ClockFormat::Hours12);
    }
}
