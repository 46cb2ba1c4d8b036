//! Script of the rooms before the user joins. Words in braces are replaced.

/// Something that one of the cast does in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Joins the room first.
    Join,
    /// Says what the room is about.
    Topic(&'static str),
    /// Writes a plain message.
    Say(&'static str),
    /// Says what they do, as `/me`.
    Emote(&'static str),
    /// Answers what was written at that place of the scene.
    Reply(usize, &'static str),
    /// Writes differently what they wrote at that place.
    Edit(usize, &'static str),
    /// Takes away what was written at that place.
    Delete(usize),
    /// Reacts to what was written at that place.
    React(usize, &'static str),
    /// Kicks a member of the cast.
    Kick(&'static str),
}

/// The room of the scene. The guide makes it.
pub(super) const ROOM: &str = "workshop";

/// A room that is not found by search, to which the user is invited, and its owner.
pub(super) const PRIVATE_ROOM: (&str, &str) = ("tea-time", "basil");

/// Stands for the person among the names of the cast.
pub(super) const PERSON: &str = "";

/// The scene, in its order.
pub(super) const SCENE: &[(&str, Step)] = &[
    (
        "ada",
        Step::Topic("the release on Friday · be kind to the build"),
    ),
    ("basil", Step::Join),
    ("ハルカ", Step::Join),
    ("carmen", Step::Join),
    ("mallory", Step::Join),
    (
        "mallory",
        Step::Say("FREE HATS! click everything! FREE HATS!"),
    ),
    ("ada", Step::Kick("mallory")),
    ("ada", Step::Delete(5)),
    (
        "basil",
        Step::Say("the build is green. on Tuesday's branch, that is"),
    ),
    ("ハルカ", Step::React(8, "🎉")),
    ("carmen", Step::React(8, "🎉")),
    (
        "carmen",
        Step::Say("I take the release notes, there is a train before lunch"),
    ),
    ("ada", Step::Reply(11, "Please do. Short ones.")),
    ("carmen", Step::React(12, "👍")),
    ("basil", Step::Emote("waters the plants")),
    (PERSON, Step::Join),
    ("basil", Step::Say("o look, someone new")),
    ("basil", Step::Edit(16, "oh look, someone new")),
    (
        "ハルカ",
        Step::Say("ようこそ @{person}！ここは #workshop です 🌸"),
    ),
    ("basil", Step::React(18, "🌸")),
    (
        "ada",
        Step::Reply(
            8,
            "@{person}, is Friday fine for you? Select this line with {select}, then {react} reacts \
             to it and {reply} replies.",
        ),
    ),
];
