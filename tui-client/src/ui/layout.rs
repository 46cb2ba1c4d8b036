//! Placement of the panes for every window size: two in a box, one in a box on a narrow terminal,
//! one without a box on a tiny one.

use ratatui::layout::Rect;

use crate::app::screen::ListSize;

const MIN_WIDTH: u16 = 20;
const MIN_HEIGHT: u16 = 6;

const TWO_PANES_FROM: u16 = 60;

/// Below this width or height a box costs more than it gives.
const BOX_FROM_WIDTH: u16 = 30;
const BOX_FROM_HEIGHT: u16 = 10;

/// Least and greatest width of the contact list between its borders.
const CONTACTS_MIN: u16 = 18;
const CONTACTS_MAX: u16 = 34;

/// From this height of the conversation on, its last row is kept for the typing line.
const TYPING_FROM_HEIGHT: u16 = 6;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The box around all; `None` on a tiny terminal.
    pub(super) frame: Option<Rect>,
    pub(super) divider: Option<u16>,
    /// The contact list between its borders.
    pub(super) contacts: Option<Rect>,
    /// The title of a pane without a box.
    pub(super) title: Option<Rect>,
    pub(super) conversation: Option<Rect>,
    pub(super) typing: Option<Rect>,
    /// The line above the input box, borders included.
    pub(super) rule: Option<Rect>,
    pub(super) composer: Option<Rect>,
    /// The last row, without corners.
    pub(super) status: Rect,
}

/// Whether there is no box, and the composer stands behind the recipient's name.
pub(super) const fn is_tiny(area: Rect) -> bool {
    area.width < BOX_FROM_WIDTH || area.height < BOX_FROM_HEIGHT
}

/// The columns for the recipient's name before the composer, where it stands there.
pub(super) fn prompt_width(area: Rect, name_width: u16) -> u16 {
    if is_tiny(area) {
        name_width.min(area.width / 3) + 2
    } else {
        0
    }
}

pub(super) fn composer_width(area: Rect, name_width: u16, list: ListSize) -> u16 {
    if is_tiny(area) {
        area.width.saturating_sub(prompt_width(area, name_width))
    } else if has_both(area, list) {
        area.width - divider(area, list) - 3
    } else {
        area.width - 3
    }
}

/// The column of the line between the panes, counted from the left border.
fn divider(area: Rect, list: ListSize) -> u16 {
    let share = (area.width * 3 / 10 - 1).clamp(CONTACTS_MIN, CONTACTS_MAX);
    // At least half of the window is for the conversation.
    1 + list.width.map_or(share, |width| width.min(area.width / 2))
}

/// Whether the list and the conversation stand side by side.
const fn has_both(area: Rect, list: ListSize) -> bool {
    area.width >= TWO_PANES_FROM && !list.is_hidden
}

/// Places the panes; `None` if there is no room for anything. Of two panes that do not fit, the
/// contact list is the one that `is_list` asks for. The composer, if there is one, has `rows` rows
/// and gets up to a third of the height.
pub(super) fn layout(
    area: Rect,
    is_list: bool,
    rows: Option<u16>,
    list: ListSize,
) -> Option<Layout> {
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        return None;
    }
    let rows = rows.map(|rows| rows.clamp(1, (area.height / 3).max(1)));
    Some(if is_tiny(area) {
        tiny(area, is_list, rows)
    } else {
        boxed(area, is_list, rows, list)
    })
}

fn tiny(area: Rect, is_list: bool, rows: Option<u16>) -> Layout {
    let status = Rect::new(area.x, area.bottom() - 1, area.width, 1);
    let above = Rect::new(area.x, area.y, area.width, area.height - 1);
    if is_list {
        return Layout {
            contacts: Some(above),
            status,
            ..Layout::default()
        };
    }
    let has_title = area.height > MIN_HEIGHT + 1;
    let height = rows.unwrap_or(0);
    let composer = Rect::new(area.x, above.bottom() - height, area.width, height);
    let top = area.y + u16::from(has_title);
    Layout {
        title: has_title.then_some(Rect::new(area.x, area.y, area.width, 1)),
        conversation: Some(Rect::new(area.x, top, area.width, composer.y - top)),
        composer: rows.map(|_| composer),
        status,
        ..Layout::default()
    }
}

fn boxed(area: Rect, is_list: bool, rows: Option<u16>, list: ListSize) -> Layout {
    let bottom = area.bottom() - 1;
    let mut layout = Layout {
        frame: Some(area),
        status: Rect::new(area.x + 1, bottom, area.width - 2, 1),
        ..Layout::default()
    };
    let inner = |from: u16, to: u16| Rect::new(from, area.y + 1, to - from, bottom - area.y - 1);
    let right = area.right() - 1;
    let mut left = area.x + 1;
    if has_both(area, list) {
        let divider = area.x + divider(area, list);
        layout.divider = Some(divider);
        layout.contacts = Some(inner(left, divider));
        left = divider + 1;
    } else if is_list {
        layout.contacts = Some(inner(left, right));
        return layout;
    }
    let mut pane = inner(left, right);
    if let Some(rows) = rows {
        let composer = Rect::new(left, bottom - rows, pane.width, rows);
        layout.composer = Some(composer);
        layout.rule = Some(Rect::new(left - 1, composer.y - 1, pane.width + 2, 1));
        pane.height -= rows + 1;
    }
    if pane.height >= TYPING_FROM_HEIGHT {
        pane.height -= 1;
        layout.typing = Some(Rect::new(left, pane.bottom(), pane.width, 1));
    }
    layout.conversation = Some(pane);
    layout
}

/// The four lines of a frame.
pub(super) fn edges(frame: Rect) -> [Rect; 4] {
    let Rect {
        x,
        y,
        width,
        height,
    } = frame;
    [
        Rect::new(x, y, width, 1),
        Rect::new(x, frame.bottom() - 1, width, 1),
        Rect::new(x, y, 1, height),
        Rect::new(frame.right() - 1, y, 1, height),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_divided_without_overlap() {
        for width in MIN_WIDTH..130 {
            for height in MIN_HEIGHT..50 {
                let area = Rect::new(0, 0, width, height);
                let layout = layout(area, false, Some(99), ListSize::default()).unwrap();
                let parts = [
                    layout.contacts,
                    layout.title,
                    layout.conversation,
                    layout.typing,
                    layout.rule,
                    layout.composer,
                    Some(layout.status),
                ];
                let parts: Vec<_> = parts.into_iter().flatten().collect();
                for (i, part) in parts.iter().enumerate() {
                    assert_eq!(part.intersection(area), *part, "{width}×{height}");
                    assert!(!part.is_empty(), "{width}×{height}");
                    // The rule crosses the borders, which no other part covers.
                    for other in &parts[i + 1..] {
                        assert!(!part.intersects(*other), "{width}×{height}: {part} {other}");
                    }
                }
                assert!(layout.composer.unwrap().height <= (height / 3).max(1));
            }
        }
    }

    #[test]
    fn a_list_has_its_own_width_and_leaves_the_room_when_hidden() {
        let area = Rect::new(0, 0, 100, 30);
        let place = |list| layout(area, false, Some(1), list).unwrap();
        let wide = place(ListSize::default().with_width(40));
        assert_eq!(wide.contacts.map(|list| list.width), Some(40));
        let hidden = place(ListSize {
            is_hidden: true,
            width: None,
        });
        assert_eq!(hidden.contacts, None);
        assert_eq!(hidden.conversation.map(|pane| pane.width), Some(98));
        // Never more than half of the window.
        let narrow = Rect::new(0, 0, 60, 30);
        let list = ListSize::default().with_width(60);
        let divider = layout(narrow, false, Some(1), list).unwrap().divider;
        assert_eq!(divider, Some(31));
    }

    #[test]
    fn too_small_is_said() {
        assert_eq!(
            layout(Rect::new(0, 0, 19, 30), false, Some(1), ListSize::default()),
            None
        );
        assert_eq!(
            layout(Rect::new(0, 0, 80, 5), false, Some(1), ListSize::default()),
            None
        );
    }
}
