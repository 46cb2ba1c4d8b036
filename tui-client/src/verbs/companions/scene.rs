//! Script of the rooms before the user joins. Words in braces are replaced.

/// Something that one of the cast does in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
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

/// A room that nobody can find, to which the person is invited, and who makes it.
pub(super) const PRIVATE_ROOM: (&str, &str) = ("tea-time", "basil");

/// Stands for the person among the names of the cast.
pub(super) const PERSON: &str = "";

/// The scene, in its order.
pub(super) const SCENE: &[(&str, Deed)] = &[
    (
        "ada",
        Deed::Topic("the release on Friday · be kind to the build"),
    ),
    ("basil", Deed::Join),
    ("ハルカ", Deed::Join),
    ("carmen", Deed::Join),
    ("mallory", Deed::Join),
    (
        "mallory",
        Deed::Say("FREE HATS! click everything! FREE HATS!"),
    ),
    ("ada", Deed::Kick("mallory")),
    ("ada", Deed::Delete(5)),
    (
        "basil",
        Deed::Say("the build is green. on Tuesday's branch, that is"),
    ),
    ("ハルカ", Deed::React(8, "🎉")),
    ("carmen", Deed::React(8, "🎉")),
    (
        "carmen",
        Deed::Say("I take the release notes, there is a train before lunch"),
    ),
    ("ada", Deed::Reply(11, "Please do. Short ones.")),
    ("carmen", Deed::React(12, "👍")),
    ("basil", Deed::Emote("waters the plants")),
    (PERSON, Deed::Join),
    ("basil", Deed::Say("o look, someone new")),
    ("basil", Deed::Edit(16, "oh look, someone new")),
    (
        "ハルカ",
        Deed::Say("ようこそ @{person}！ここは #workshop です 🌸"),
    ),
    ("basil", Deed::React(18, "🌸")),
    (
        "ada",
        Deed::Reply(
            8,
            "@{person}, is Friday fine for you? Select this line with {select}, then {react} reacts \
             to it and {reply} replies.",
        ),
    ),
];
