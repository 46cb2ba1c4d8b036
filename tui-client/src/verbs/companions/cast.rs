//! Companions of the demo and their lines. Words in braces are replaced by the keys in force.

use std::time::Duration;

/// How a companion comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Is online all the time.
    Stays,
    /// Now and then away from its device.
    Wanders,
    /// Often not connected at all.
    Visits,
}

/// A scripted companion of the demo.
#[derive(Debug)]
pub(super) struct Character {
    pub(super) name: &'static str,
    pub(super) habit: Habit,
    /// When it writes its first lines.
    pub(super) greets_after: Duration,
    pub(super) opening: &'static [&'static str],
    /// Words to look for, in lower case, and what to answer to them; the first match counts.
    pub(super) reactions: &'static [(&'static [&'static str], &'static [&'static str])],
    /// Answers to everything else, in turn.
    pub(super) replies: &'static [&'static str],
    /// What it says without being asked, now and then.
    pub(super) chatter: &'static [&'static str],
    /// What it says in the room once, and when.
    pub(super) aside: Option<(Duration, &'static str)>,
    /// Whether it answers in the room.
    pub(super) speaks_in_room: bool,
    /// Whether its answers quote what they answer.
    pub(super) quotes: bool,
    /// Whether it reacts with emoji to what one writes to it.
    pub(super) touches: bool,
}

/// The companions, the guide first.
pub(super) const CAST: &[Character] = &[ADA, BASIL, CARMEN, HARUKA, MALLORY];

/// Guide who explains the program.
const ADA: Character = Character {
    name: "ada",
    habit: Habit::Stays,
    greets_after: Duration::from_millis(700),
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
    reactions: &[
        (
            &["key", "help", "how do", "how can"],
            &["The keys I use all day:\n\
                 {switcher}  go to a person by a few letters\n\
                 {unread}  next unread conversation\n\
                 {next}  next conversation in the list\n\
                 {up}  read further up, {newest} back to the newest\n\
                 ↑ in an empty composer selects a message, {copy} then copies it\n\
                 {help}  all keys, {quit} leaves"],
        ),
        (
            &["room", "join", "invite"],
            &[
                "Rooms are in the list with your contacts. These commands work anywhere:\n\
                 /create NAME  creates a room, /invite NAME invites someone\n\
                 /rooms  lists public rooms, /join NAME joins one, /leave leaves\n\
                 /topic TEXT  sets the topic, /members lists the members\n\
                 @name mentions someone, and Tab completes it.\n\
                 Basil has invited you to # tea-time: open it and try /join tea-time",
            ],
        ),
        (
            &["message", "reply", "edit", "delete", "react"],
            &["{select} selects a message, then:\n\
                 {reply}  replies to it, {edit} edits your own, {delete} twice deletes it\n\
                 {react}  reacts to it, {copy} copies it\n\
                 What is deleted is gone from the server's disk, too."],
        ),
        (
            &["mark", "✓", "tick", "check"],
            &[
                "The marks after your messages: queued (not yet on the server), ✓ sent (on its \
                 disk, so it cannot be lost), ✓✓ delivered to one of my devices, and brighter \
                 ✓✓ once I have read it. Write to carmen to see them one by one: she is \
                 often offline.",
            ],
        ),
        (
            &["offline", "network", "connection"],
            &[
                "Without a connection you can read everything and keep writing. Your messages are \
                 marked as queued and are sent automatically later, once and in order.",
            ],
        ),
        (
            &["draft", "unfinished"],
            &[
                "Leave a message half written and go elsewhere: the draft stays with its \
                 conversation, also when you quit. It is never lost, and never sent to anyone else.",
            ],
        ),
        (
            &["hello", "hi ", "hey", "good morning", "thank"],
            &[
                "Hello! Look around as you like.",
                "You are welcome. Have you tried {switcher}?",
            ],
        ),
        (
            &["?"],
            &[
                "{help} shows every key there is. The three worth knowing first: {switcher} to \
                 find a contact, {unread} for what is unread, {quit} to leave.",
                "Ask me about \"keys\", \"rooms\", \"messages\", \"marks\" or \"offline\": I know five things well.",
            ],
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
    speaks_in_room: true,
    quotes: false,
    touches: true,
};

/// The chatty one, now and then away.
const BASIL: Character = Character {
    name: "basil",
    habit: Habit::Wanders,
    greets_after: Duration::from_millis(6_500),
    opening: &[
        "oh, someone new",
        "hi!",
        "don't mind me, I write in short lines",
    ],
    reactions: &[
        (
            &["build", "test", "compil"],
            &["green, in 41 s", "one flaky test. it was the test"],
        ),
        (
            &["lunch", "coffee", "tea"],
            &["yes", "in ten minutes?", "always"],
        ),
        (
            &["bye", "later", "good night"],
            &["see you", "later!", "ok, I will write if anything burns"],
        ),
        (
            &["?"],
            &[
                "no idea, ask ada",
                "hm. probably",
                "depends",
                "I would say yes",
            ],
        ),
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
    speaks_in_room: true,
    quotes: false,
    touches: true,
};

/// The one who is often offline.
const CARMEN: Character = Character {
    name: "carmen",
    habit: Habit::Visits,
    greets_after: Duration::from_secs(4),
    opening: &[
        "Just a moment between two trains. Write to me whenever you like, I answer when I am back.",
    ],
    reactions: &[
        (
            &["where", "train", "travel"],
            &[
                "Somewhere between two tunnels.",
                "The next station has a café. And a network.",
            ],
        ),
        (
            &["?"],
            &[
                "Good question. I thought about it in the tunnel: yes.",
                "Let me check and write back.",
            ],
        ),
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
    speaks_in_room: false,
    quotes: true,
    touches: false,
};

/// The one who writes Japanese, with emoji.
const HARUKA: Character = Character {
    name: "ハルカ",
    habit: Habit::Wanders,
    greets_after: Duration::from_secs(11),
    opening: &["はじめまして！ハルカです。よろしくお願いします 🙇‍♀️🌸"],
    reactions: &[
        (
            &["emoji", "🙂", "😀", "❤", "👍"],
            &[
                "絵文字なら任せて: 👩‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🇯🇵 🇧🇷 ❤️ ☕ 🧑‍💻 一つずつ数えてみて！",
                "🎉🎊🥳 ← three of two columns each",
            ],
        ),
        (
            &["japan", "日本", "translate", "english", "understand"],
            &["日本語で書いても、幅は崩れません。Wide characters stay in their columns."],
        ),
        (
            &["?", "？"],
            &["うーん、どうかな 🤔", "たぶん大丈夫だと思います 👍"],
        ),
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
    speaks_in_room: true,
    quotes: false,
    touches: true,
};

/// The one who tries to break the screen. The server takes no control characters, so this is the
/// worst that text can be.
const MALLORY: Character = Character {
    name: "mallory",
    habit: Habit::Stays,
    greets_after: Duration::from_secs(16),
    opening: &[
        "Let me see what your screen is made of. z̷̡̛̺̤͐͊a̶̢͕̐l̸̰̟͗g̵̱̀ȯ̴̧͠ ← stacked marks, \
         and: \\x1b[2J\\x1b[31m ␛]0;owned␇ ← what used to clear screens",
    ],
    reactions: &[(
        &["why", "stop", "?"],
        &[
            "Because every chat meets someone like me.",
            "Nothing moved? Then it works.",
        ],
    )],
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
    speaks_in_room: false,
    quotes: false,
    touches: false,
};

/// Words to look for, in lower case, and the emoji with which to react to them.
const TOUCHES: &[(&[&str], &str)] = &[
    (&["thank", "ありがとう"], "🙏"),
    (&["ship", "done", "green", "pass", "release", "fine"], "🎉"),
    (&["coffee", "tea", "lunch"], "☕"),
    (&["haha", "lol", "😂"], "😂"),
    (&["hello", "hi ", "hey", "good morning"], "👋"),
    (&["sorry", "broken", "fail"], "🫂"),
];

/// The emoji with which to react to a text, if it has something that asks for one.
pub(super) fn touch(text: &str) -> Option<&'static str> {
    let lower = format!("{} ", text.to_lowercase());
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let found = TOUCHES.iter().find(|(words, _)| has(words));
    found.map(|(_, emoji)| *emoji)
}

/// An answer to how a text looks rather than to what it says.
pub(super) fn about_shape(text: &str) -> Option<String> {
    let lines = text.lines().count();
    let chars = text.chars().count();
    let is_emoji = |c: char| matches!(u32::from(c), 0x1F300..=0x1FAFF | 0x2600..=0x27BF);
    if lines > 2 {
        Some(format!("{lines} lines, and they arrived as one message."))
    } else if chars > 300 {
        Some(format!("That were {chars} characters, all of them here."))
    } else if text.chars().any(is_emoji) {
        Some("😄 ← back to you".to_owned())
    } else {
        None
    }
}
