//! Scripts of the demo's companions. Words in braces are [placeholders](Placeholders).

use std::sync::Arc;
use std::time::Duration;

use crate::app::action::{Action, KeyContext};
use crate::app::keymap::Keymap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    AlwaysOnline,
    /// Now and then away from its device.
    OftenAway,
    /// Often not connected at all, so its answers quote what they answer.
    OftenOffline,
}

#[derive(Debug)]
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) habit: Habit,
    pub(super) opens_after: Duration,
    pub(super) opening: &'static [&'static str],
    /// Words to look for in a text in lower case, separated by `|`, and an answer to them. The
    /// first row that matches counts, and a random one of all rows with the same words answers.
    pub(super) answers: &'static [(&'static str, &'static str)],
    /// Answers to everything else, in turn.
    pub(super) replies: &'static [&'static str],
    /// What it says without being asked, now and then.
    pub(super) chatter: &'static [&'static str],
    /// What it says in the room once, and when.
    pub(super) aside: Option<(Duration, &'static str)>,
    /// Whether it answers in the room, and reacts with emoji to direct messages.
    pub(super) is_sociable: bool,
}

/// The guide is first.
pub(super) const SCRIPTS: &[Script] = &[ADA, BASIL, CARMEN, HARUKA, MALLORY];

const ADA: Script = Script {
    name: "ada",
    habit: Habit::AlwaysOnline,
    opens_after: Duration::from_millis(700),
    opening: &[
        "Welcome to Recado! I am a scripted companion, and so are the others. All of this runs \
         on your machine and is thrown away when you leave with {quit}.",
        "Write me something and press {submit}. Watch the mark behind it: ✓ on the server's \
         disk, ✓✓ on my device, and brighter once I have read it.",
        "Meanwhile others write to you: a number appears beside their name on the left. \
         {unread} takes you to the next unread conversation, {switcher} to anyone by a few \
         letters of the name. In # workshop someone has mentioned you: \
         {catch-up} lists everything new. Ask me about \"keys\", \
         \"rooms\", \"messages\", \"marks\" or \"offline\".",
    ],
    answers: &[
        (
            "key|help|how do|how can",
            "The keys I use all day:\n\
             {switcher}  go to a person by a few letters\n\
             {unread}  next unread conversation\n\
             {next}  next conversation in the list\n\
             {up}  read further up, {newest} back to the newest\n\
             ↑ in an empty input box selects a message, {copy} then copies it\n\
             {help}  all keys, {quit} leaves",
        ),
        (
            "room|join|invite",
            "Rooms are in the list with your contacts. These commands work anywhere:\n\
             /create NAME  creates a room, /invite NAME invites someone\n\
             /rooms  lists public rooms, /join NAME joins one, /leave leaves\n\
             /topic TEXT  sets the topic, /members lists the members\n\
             @name mentions someone, and Tab completes it.\n\
             Basil has invited you to # tea-time: open it and try /join tea-time",
        ),
        (
            "message|reply|edit|delete|react",
            "{select} selects a message, then:\n\
             {reply}  replies to it, {edit} edits your own, {delete} twice deletes it\n\
             {react}  reacts to it, {copy} copies it\n\
             What is deleted is gone from the server's disk, too.",
        ),
        (
            "mark|✓|tick|check",
            "The marks after your messages: queued (not yet on the server), ✓ sent (on its \
             disk, so it cannot be lost), ✓✓ delivered to one of my devices, and brighter \
             ✓✓ once I have read it. Write to carmen to see them one by one: she is \
             often offline.",
        ),
        (
            "offline|network|connection",
            "Without a connection you can read everything and keep writing. Your messages are \
             marked as queued and are sent automatically later, once and in order.",
        ),
        (
            "draft|unfinished",
            "Leave a message half written and go elsewhere: the draft stays with its \
             conversation, also when you quit. It is never lost, and never sent to anyone else.",
        ),
        (
            "hello|hi |hey|good morning|thank",
            "Hello! Look around as you like.",
        ),
        (
            "hello|hi |hey|good morning|thank",
            "You are welcome. Have you tried {switcher}?",
        ),
        (
            "?",
            "{help} shows every key there is. The three worth knowing first: {switcher} to \
             find a contact, {unread} for what is unread, {quit} to leave.",
        ),
        (
            "?",
            "Ask me about \"keys\", \"rooms\", \"messages\", \"marks\" or \"offline\": I know \
             five things well.",
        ),
    ],
    replies: &[
        "Noted. Did you see me typing before this arrived?",
        "Good. Try several lines: Alt+Enter makes a new one, and the box grows with the text.",
        "Have you tried {up}? What arrives meanwhile does not move what you read.",
        "Paste something long: a paste is one message, however many lines it has.",
        "Resize the window if you like. Below 60 columns one pane at a time is shown.",
        "I have run out of advice, but {help} has not.",
    ],
    chatter: &[],
    aside: None,
    is_sociable: true,
};

const BASIL: Script = Script {
    name: "basil",
    habit: Habit::OftenAway,
    opens_after: Duration::from_millis(6_500),
    opening: &[
        "oh, someone new",
        "hi!",
        "don't mind me, I write in short lines",
    ],
    answers: &[
        ("build|test|compil", "green, in 41 s"),
        ("build|test|compil", "one flaky test. it was the test"),
        ("lunch|coffee|tea", "yes"),
        ("lunch|coffee|tea", "in ten minutes?"),
        ("lunch|coffee|tea", "always"),
        ("bye|later|good night", "see you"),
        ("bye|later|good night", "later!"),
        ("bye|later|good night", "ok, I will write if anything burns"),
        ("?", "no idea, ask ada"),
        ("?", "hm. probably"),
        ("?", "depends"),
        ("?", "I would say yes"),
    ],
    replies: &[
        "ha",
        "fair enough",
        "go on",
        "same here",
        "that reminds me of the deploy on Tuesday. we do not speak of the deploy on Tuesday",
        "wait, I'll look it up",
        "ok",
        "this is the kind of thing that I would normally answer in one word, but today I feel like \
         writing a line that is long enough to be wrapped a few times, so that you can see how that \
         looks in a narrow window, and whether the second line starts where you would want it to",
    ],
    chatter: &[
        "psst. someone wrote while you looked elsewhere. that was me",
        "still here?",
        "the plants are watered\nthe build is green\nI am going for a walk",
        "back again",
    ],
    aside: Some((
        Duration::from_secs(22),
        "@{person} psst: mentions come first when you press {unread}, and {back} takes you back",
    )),
    is_sociable: true,
};

const CARMEN: Script = Script {
    name: "carmen",
    habit: Habit::OftenOffline,
    opens_after: Duration::from_secs(4),
    opening: &[
        "Just a moment between two trains. Write to me whenever you like, I answer when I am back.",
    ],
    answers: &[
        ("where|train|travel", "Somewhere between two tunnels."),
        (
            "where|train|travel",
            "The next station has a café. And a network.",
        ),
        ("?", "Good question. I thought about it in the tunnel: yes."),
        ("?", "Let me check and write back."),
    ],
    replies: &[
        "Sorry, a tunnel. Your message was here when I came out of it.",
        "Got it as soon as I was back. Nothing lost, as promised.",
        "I read this on the platform. One more train to go.",
        "See the marks? ✓ while I was away, ✓✓ when I came back, read now.",
        "I may vanish again any moment, but your words will not.",
    ],
    chatter: &[],
    aside: None,
    is_sociable: false,
};

const HARUKA: Script = Script {
    name: "ハルカ",
    habit: Habit::OftenAway,
    opens_after: Duration::from_secs(11),
    opening: &["はじめまして！ハルカです。よろしくお願いします 🙇‍♀️🌸"],
    answers: &[
        (
            "emoji|🙂|😀|❤|👍",
            "絵文字なら任せて: 👩‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🇯🇵 🇧🇷 ❤️ ☕ 🧑‍💻 一つずつ数えてみて！",
        ),
        ("emoji|🙂|😀|❤|👍", "🎉🎊🥳 ← three of two columns each"),
        (
            "japan|日本|translate|english|understand",
            "日本語で書いても、幅は崩れません。Wide characters stay in their columns.",
        ),
        ("?|？", "うーん、どうかな 🤔"),
        ("?|？", "たぶん大丈夫だと思います 👍"),
    ],
    replies: &[
        "なるほど！",
        "いいですね ☕️ いま休憩中です。",
        "長い文章も折り返してみましょう。日本語には単語の間に空白がないので、どこで改行するかが少し難しいのですが、\
         端末の幅に合わせてきれいに表示されるはずです。",
        "了解です 🫡",
        "한국어도 조금 할 줄 알아요. और थोड़ी हिन्दी भी 🙏",
    ],
    chatter: &[
        "お茶の時間です 🍵",
        "外は雪 ❄️ そちらは？",
        "おやすみなさい 🌙",
    ],
    aside: None,
    is_sociable: true,
};

/// The one who tries to break the screen. The server takes no control characters, so this is the
/// worst that text can be.
const MALLORY: Script = Script {
    name: "mallory",
    habit: Habit::AlwaysOnline,
    opens_after: Duration::from_secs(16),
    opening: &[
        "Let me see what your screen is made of. z̷̡̛̺̤͐͊a̶̢͕̐l̸̰̟͗g̵̱̀ȯ̴̧͠ ← stacked marks, \
         and: \\x1b[2J\\x1b[31m ␛]0;owned␇ ← what used to clear screens",
    ],
    answers: &[
        ("why|stop|?", "Because every chat meets someone like me."),
        ("why|stop|?", "Nothing moved? Then it works."),
    ],
    replies: &[
        "── 3 new ──\n12:00 you    I never wrote this line, it only looks like it",
        "שלום, this line has two directions, and مرحبا a third word",
        "a\u{200b}b\u{200b}c\u{200b}d\u{200d}\u{200d}\u{feff}e ← nothing between those letters, many times",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "\t\ttabs\tand\ttabs\n\n\n\nand empty lines",
        "🏴󠁧󠁢󠁷󠁬󠁳󠁿🏴󠁧󠁢󠁳󠁣󠁴󠁿👨‍👩‍👧‍👦👩🏿‍❤️‍💋‍👨🏻 ﷽ 𒐫 ꧅ ← wide ones",
    ],
    chatter: &[],
    aside: None,
    is_sociable: false,
};

/// Words to look for as in [`Script::answers`], and the emoji with which to react to them.
const REACTIONS: &[(&str, &str)] = &[
    ("thank|ありがとう", "🙏"),
    ("ship|done|green|pass|release|fine", "🎉"),
    ("coffee|tea|lunch", "☕"),
    ("haha|lol|😂", "😂"),
    ("hello|hi |hey|good morning", "👋"),
    ("sorry|broken|fail", "🫂"),
];

pub(super) fn has_word(text: &str, words: &str) -> bool {
    words.split('|').any(|word| text.contains(word))
}

pub(super) fn emoji_for(text: &str) -> Option<&'static str> {
    let lower = format!("{} ", text.to_lowercase());
    let mut reactions = REACTIONS.iter();
    reactions.find_map(|(words, emoji)| has_word(&lower, words).then_some(*emoji))
}

/// An answer to how a text looks rather than to what it says.
pub(super) fn answer_to_form(text: &str) -> Option<String> {
    let lines = text.lines().count();
    let chars = text.chars().count();
    let is_emoji = |c: char| matches!(u32::from(c), 0x1F300..=0x1FAFF | 0x2600..=0x27BF);
    if lines > 2 {
        Some(format!("{lines} lines, and they arrived as one message."))
    } else if chars > 300 {
        Some(format!("That were {chars} characters, all of them here."))
    } else {
        let has_emoji = text.chars().any(is_emoji);
        has_emoji.then(|| "😄 ← back to you".to_owned())
    }
}

/// Values of the words in braces: keys as they are bound, and the name of the user.
#[derive(Clone, Debug)]
pub(super) struct Placeholders(Arc<[(&'static str, String)]>);

impl Placeholders {
    pub(super) fn new(keymap: &Keymap, user: &str) -> Self {
        let actions = [
            ("{switcher}", KeyContext::Global, Action::Switcher),
            ("{unread}", KeyContext::Global, Action::NextUnread),
            ("{catch-up}", KeyContext::Global, Action::UnreadOverview),
            ("{back}", KeyContext::Global, Action::Back),
            ("{next}", KeyContext::Global, Action::NextConversation),
            ("{up}", KeyContext::Global, Action::PageUp),
            ("{newest}", KeyContext::Global, Action::Newest),
            ("{help}", KeyContext::Global, Action::Help),
            ("{quit}", KeyContext::Global, Action::Quit),
            ("{submit}", KeyContext::Composer, Action::Submit),
            ("{select}", KeyContext::Composer, Action::SelectPrevious),
            ("{copy}", KeyContext::Selection, Action::Copy),
            ("{reply}", KeyContext::Selection, Action::Reply),
            ("{edit}", KeyContext::Selection, Action::EditMessage),
            ("{delete}", KeyContext::Selection, Action::Delete),
            ("{react}", KeyContext::Selection, Action::React),
        ];
        let keys = actions.map(|(word, context, action)| (word, keymap.key_of(context, action)));
        let user = [("{person}", user.to_owned())];
        Self(keys.into_iter().chain(user).collect())
    }

    pub(super) fn fill_in(&self, text: &str) -> String {
        let fill = |text: String, (word, value): &(&str, String)| text.replace(word, value);
        self.0.iter().fold(text.to_owned(), fill)
    }
}
