//! A QR code in half blocks, two rows of it in each line.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// Black on white, whatever the terminal's colours are.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16m\x1b[48;5;231m";
const RESET: &str = "\x1b[0m";

/// Draws a text. Without colours the terminal is taken to be dark, as most are. `None` if it is
/// too long for a code.
pub(super) fn draw(text: &str, with_colours: bool) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    let mut renderer = code.render::<Dense1x2>();
    if !with_colours {
        renderer
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark);
    }
    let drawn = renderer.build();
    if !with_colours {
        return Some(drawn);
    }
    let lines = drawn.lines();
    let coloured = lines.map(|line| format!("{BLACK_ON_WHITE}{line}{RESET}"));
    Some(coloured.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_quiet_zone_and_fits_in_a_small_terminal() {
        let plain = draw("4TG2X-9QRKM", false).unwrap();
        let lines: Vec<_> = plain.lines().collect();
        assert!(lines.len() <= 16, "{plain}");
        let width = lines[0].chars().count();
        assert!(width <= 40 && lines.iter().all(|line| line.chars().count() == width));
        assert!(lines[0].chars().all(|c| c == '█'), "{plain}");
        let coloured = draw("4TG2X-9QRKM", true).unwrap();
        assert_eq!(coloured.lines().count(), lines.len());
        assert!(coloured.lines().all(|line| line.ends_with(RESET)));
    }
}
