use ratatui::buffer::Cell;
use recado_shared::ServerAddress;

use super::*;
use crate::app::InviteLink;
use crate::app::screen::Overlay;
use crate::strings::host;

fn link(warning: Option<String>) -> InviteLink {
    let (key, token) = ("k".repeat(43), "t".repeat(22));
    InviteLink {
        line: format!("recado join 'recado://chat.example.org:7322/#{key}.{token}'"),
        uses: 10,
        expires: Some(at("2026-11-28T09:45:00Z")),
        warning,
    }
}

#[test]
fn the_line_fills_whole_rows_and_the_terminal_wraps_it() {
    let composer = Composer::with_text("");
    let address: ServerAddress = "127.0.0.1:7322".parse().unwrap();
    for (warning, name) in [
        (None, "invite_link"),
        (Some(host::only_local(&address)), "invite_local"),
    ] {
        let link = link(warning);
        for (width, height) in [(80, 24), (40, 12), (20, 12), (20, 6)] {
            let screen = Screen {
                overlay: Some(Overlay::InviteLink {
                    link: &link,
                    copy_key: "y".to_owned(),
                }),
                hints: vec![("y".to_owned(), "copy"), ("Esc".to_owned(), "close")],
                ..busy(&composer)
            };
            let mut view = view();
            let buffer = drawn(&screen, &mut view, width, height);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&buffer));
            // Six rows are too few for the line: it must not scroll the terminal.
            let Some(unbroken) = view.unbroken else {
                assert_eq!(height, 6);
                continue;
            };
            assert_eq!((unbroken.at.x, &unbroken.text), (0, &link.line));
            // Written there, it covers its own cells and no others.
            let cells = link.line.len();
            let from = usize::from(unbroken.at.y) * usize::from(width);
            let covered = &buffer.content[from..][..cells];
            let covered: String = covered.iter().map(Cell::symbol).collect();
            assert_eq!(covered, link.line);
            let end = (from + cells).next_multiple_of(width.into());
            let rest = &buffer.content[from + cells..end];
            assert!(rest.iter().all(|cell| cell.symbol() == " "));
            assert!(end <= usize::from(width) * usize::from(height - 1));
        }
    }
}
