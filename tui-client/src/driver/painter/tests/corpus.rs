//! Difficult text in whole frames: ten scripts, emoji, nested Markdown, overlong words, right-to-left text with numbers.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use jiff::tz::TimeZone;
use ratatui::layout::Size;
use recado_shared::{ConversationId, Seq, Timestamp, UserId};

use super::{MODELS, Model, NonZeroU16, modelled};
use crate::app::composer::Composer;
use crate::app::screen::{
    ConversationView, Details, Focus, Item, ItemId, LinkView, Mark, MessageView, NotificationLevel,
    Pane, Place, Screen,
};
use crate::cells::{MeasuredWidths, Probe};
use crate::driver::display::Display;
use crate::ui::{BuiltIn, Glyphs, SymbolChoice, TerminalColours, ViewState};

const CORPUS: [&str; 20] = [
    "Ελληνικά και Кириллица, ß ﬁ İ ı e\u{301}o\u{308}\u{304}",
    "שלום (עולם) 2026-11-03, abc שָׁלוֹם 12:30!",
    "مرحبا بالعالم ١٢٣ و 456 (نص) https://host.example/ع?q=1 نهاية",
    "हिन्दी क्षि ज्ञ श्री द्ध्र्य",
    "ภาษาไทย กำลังทำน้ำ ผู้ใหญ่ที่รู้",
    "தமிழ் கொண்டு ஸ்ரீ",
    "日本語ひらがなカタカナｶﾀｶﾅﾊﾟ、「長い文」。",
    "中文漢字標點，沒有空格的很長一行文字會在這裡換行",
    "한국어 자모 \u{1112}\u{1161}\u{11ab} ㅎㅏㄴ",
    "ქართული Հայերեն አማርኛ မြန်မာစာ ខ្មែរ བོད་ཡིག",
    "👨\u{200d}👩\u{200d}👧\u{200d}👦 👍🏽 🏳\u{fe0f}\u{200d}🌈 🇯🇵🇺🇸🇯 1\u{fe0f}\u{20e3} ❤\u{fe0f}❤ ☕\u{fe0e} 🫩🫨",
    "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} 👩🏿\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨🏻 ⛹🏽\u{200d}♂\u{fe0f} a\u{200d}b 🦀\u{200d}",
    "> quote\n> > **bold _nested ~~struck~~_** `code`\n> - list\n>   1. אבג `x` 2\n\n```rust\nfn main() { /* 日本 🦀 */ }\n```",
    "[link](https://example.org/(a)) ![alt **b**](x) <b>html</b> \\*raw\\* snake_case_name 2*3*4 # 1. >",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft-und-noch-mehr",
    "https://host.example/אבג/क्षि/🇯🇵?q=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "Z\u{351}\u{36b}\u{343}\u{32a}\u{302}\u{36b}A\u{334}\u{335}\u{31e}\u{340}L\u{34d}\u{31f}G\u{327}\u{355}O\u{321} \u{301}\u{301}alone",
    "tab\there\t日\tאב\t1\nno\u{a0}break soft\u{ad}hyphen zero\u{200b}width \u{2067}אבג\u{2069} \u{feff}",
    "\u{1b}[2J\u{202e}override\u{202c} \u{9b}31m \u{fffe}\u{e000}\u{1d159} \u{2028}line",
    "אבגדהוזחטיכלמנסעפצקרשתאבגדהוזחטיכלמנסעפצקרשתאבגדהוזחטיכלמנסעפצקרשת 1234567890 (סוף)",
];

/// A terminal that takes other widths than this program, behind a writer.
#[derive(Clone)]
struct Terminal {
    model: Model,
    parser: Rc<RefCell<vt100::Parser>>,
}

impl io::Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = modelled(bytes, self.model);
        self.parser.borrow_mut().process(text.as_bytes());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type CellLook = (String, vt100::Color, vt100::Color, bool);

impl Terminal {
    fn new(model: Model, size: Size) -> Self {
        let cells = |cells| NonZeroU16::new(cells).unwrap();
        let parser = vt100::Parser::new(cells(size.height), cells(size.width), 0);
        Self {
            model,
            parser: Rc::new(RefCell::new(parser)),
        }
    }

    /// Each cell: its text, its colours, whether it is bold. A blank has a background only.
    fn cells(&self, size: Size) -> Vec<CellLook> {
        let parser = self.parser.borrow();
        let places = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (y, x)));
        let cell = |(y, x)| {
            let cell = parser.screen().cell(y, x).unwrap();
            let (text, bg) = (cell.contents().to_owned(), cell.bgcolor());
            if text.is_empty() || text == " " {
                return (" ".to_owned(), vt100::Color::Default, bg, false);
            }
            (text, cell.fgcolor(), bg, cell.bold())
        };
        places.map(cell).collect()
    }
}

fn items(count: usize) -> Vec<Item<'static>> {
    let item = |(seq, body): (u64, &'static str)| {
        let is_own = seq % 3 == 0;
        Item::Message(MessageView {
            id: ItemId::Entry(Seq(seq)),
            author: if is_own { "alice" } else { "דויד" },
            is_own,
            time: Timestamp(1_795_000_000_000),
            body,
            mark: is_own.then_some(Mark::Read),
            details: Details {
                is_edited: seq % 4 == 0,
                ..Details::default()
            },
        })
    };
    (1..).zip(CORPUS).take(count).map(item).collect()
}

fn conversation(composer: &Composer, count: usize) -> ConversationView<'_> {
    ConversationView {
        id: ConversationId::direct(UserId(1), UserId(2)),
        title: "דויד",
        display: Some("ダビデ 🦀"),
        room: None,
        is_request: false,
        is_blocked: false,
        is_closed: false,
        is_removed: false,
        inviter: None,
        notification_level: NotificationLevel::All,
        presence: None,
        items: items(count),
        new_from: None,
        typing: vec!["עדה"],
        place: Place::Newest,
        is_complete: true,
        follows_newest: true,
        composer,
        purpose: None,
    }
}

fn screen(composer: &Composer, count: usize, focus: Focus) -> Screen<'_> {
    Screen {
        me: "alice",
        contacts: Rc::new(Vec::new()),
        conversation: Some(conversation(composer, count)),
        link: LinkView::Connecting,
        waiting: 0,
        failed: 0,
        message: None,
        hints: Vec::new(),
        focus,
        pane: Pane::Conversation,
        completion: None,
        overlay: None,
        vi: None,
        list: crate::app::screen::ListSize::default(),
    }
}

/// Changes of the view between frames: themes with and without a background, replaced clusters, the order of text.
fn change(view: &mut ViewState, step: usize) {
    let terminal = TerminalColours::default();
    match step % 5 {
        1 => view.set_theme(BuiltIn::HighContrast.theme(&terminal)),
        2 => view.set_theme(BuiltIn::Light.theme(&terminal)),
        3 => {
            let measured = MeasuredWidths::new(&[2; Probe::ALL.len()]);
            view.glyphs = Glyphs::new(SymbolChoice::Unicode, true, measured);
        }
        4 => view.reorders_bidi = !view.reorders_bidi,
        _ => view.glyphs = Glyphs::default(),
    }
}

/// Each frame of a growing conversation looks as on a cleared screen, in every modelled terminal of this size.
fn check(size: Size) {
    for (name, model) in MODELS {
        let theme = BuiltIn::Dark.theme(&TerminalColours::default());
        let mut view = ViewState::new(TimeZone::UTC, theme, Timestamp(1_795_000_000_000));
        let terminal = Terminal::new(model, size);
        let mut display = Display::new(terminal.clone(), size);
        for step in 0..CORPUS.len() + 4 {
            let count = CORPUS.len().min(1 + step);
            let composer = Composer::with_text(CORPUS[step % CORPUS.len()]);
            let focus = match (1..).nth(step % count) {
                Some(seq) if step % 3 == 2 => Focus::Selection(ItemId::Entry(Seq(seq))),
                _ => Focus::Composer,
            };
            change(&mut view, step);
            let screen = screen(&composer, count, focus);
            display.draw(&screen, &mut view).unwrap();
            let redrawn = Terminal::new(model, size);
            Display::new(redrawn.clone(), size)
                .draw(&screen, &mut view)
                .unwrap();
            let (cells, expected) = (terminal.cells(size), redrawn.cells(size));
            let mut pairs = cells.iter().zip(&expected).zip(0..);
            let differs = pairs.find(|((one, two), _)| one != two);
            let width = usize::from(size.width);
            let differs = differs.map(|(pair, at): (_, usize)| (at / width, at % width, pair));
            assert_eq!(differs, None, "{name}, {size}, step {step}");
        }
    }
}

#[test]
fn difficult_text_looks_as_on_a_cleared_screen_when_wide() {
    check(Size::new(80, 24));
}

#[test]
fn difficult_text_looks_as_on_a_cleared_screen_when_narrow() {
    check(Size::new(40, 12));
    check(Size::new(20, 6));
}
