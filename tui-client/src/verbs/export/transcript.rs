//! Markdown transcript of one conversation. The log is read twice: first for edits, deletions and
//! reactions, then for the messages, which are written as they come.

use std::collections::VecDeque;

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use recado_shared::rules::folding::Folding;
use recado_shared::{Content, ConversationId, ErasedKind, Seq, Timestamp};

use super::markdown::{self, Message, Quote, Text};
use super::output::{Output, Stop};
use crate::client::{Event, wall_time};
use crate::exit::{Exit, Failure};
use crate::net::SessionError;
use crate::strings::rooms::describe_event;
use crate::verbs::line::timestamp;
use crate::verbs::reader::Reader;

/// Messages that a reply can quote without asking for them again.
const MAX_RECENT: usize = 256;

/// Edits, deletions and reactions that are kept: a few dozen bytes each.
const MAX_CHANGES: usize = 1_000_000;

pub(super) struct Transcript {
    conversation: ConversationId,
    zone: TimeZone,
    newest: Seq,
    folding: Folding<()>,
    day: Option<Date>,
    recent: VecDeque<(Seq, Quote)>,
}

impl Transcript {
    /// Reads all edits, deletions and reactions.
    pub(super) async fn begin(
        reader: &mut Reader,
        conversation: ConversationId,
        zone: &TimeZone,
    ) -> Result<Self, Stop> {
        let newest = reader.newest(conversation).await?;
        let mut folding = Folding::default();
        let mut after = Seq::ZERO;
        while let Some(events) = reader.next_events(conversation, &mut after, newest).await? {
            for event in &events {
                folding.apply(event.seq, event.author, &event.content, |_| ());
                if folding.change_count() > MAX_CHANGES {
                    return Err(too_many_changes().into());
                }
            }
        }
        Ok(Self {
            conversation,
            zone: zone.clone(),
            newest,
            folding,
            day: None,
            recent: VecDeque::new(),
        })
    }

    /// Writes the transcript, and counts the entries.
    pub(super) async fn write(
        &mut self,
        reader: &mut Reader,
        output: &mut Output,
        entries: &mut u64,
    ) -> Result<(), Stop> {
        output.write(&self.title(reader))?;
        let (conversation, newest) = (self.conversation, self.newest);
        let mut previous = Seq::ZERO;
        let mut after = Seq::ZERO;
        while let Some(events) = reader.next_events(conversation, &mut after, newest).await? {
            for event in &events {
                if previous == Seq::ZERO && event.seq > Seq(1) {
                    output.write(&markdown::note("Earlier messages are hidden from you."))?;
                }
                if let Some(written) = self.entry(reader, event).await? {
                    self.write_day(output, event)?;
                    output.write(&written)?;
                }
                previous = event.seq;
                *entries += 1;
            }
        }
        Ok(())
    }

    fn local_time(&self, time: Timestamp) -> Zoned {
        timestamp(time).to_zoned(self.zone.clone())
    }

    fn title(&self, reader: &Reader) -> String {
        let now = self.local_time(wall_time());
        let zone = self.zone.iana_name().unwrap_or("local time");
        let about = format!(
            "As {} saw it on {}. Times are {zone}.",
            reader.me().1,
            now.strftime("%-d %B %Y, %H:%M")
        );
        let label = reader.label(self.conversation);
        let title = match self.conversation {
            ConversationId::Room(_) => label,
            ConversationId::Direct(_) => format!("{} and {label}", reader.me().1),
        };
        markdown::title(&title, &about)
    }

    fn write_day(&mut self, output: &mut Output, event: &Event) -> Result<(), Stop> {
        let time = self.local_time(event.time);
        if self.day == Some(time.date()) {
            return Ok(());
        }
        self.day = Some(time.date());
        let day = time.strftime("%A, %-d %B %Y").to_string();
        output.write(&markdown::day(&day))
    }

    /// The Markdown of an entry; `None` if it is only part of another one.
    async fn entry(
        &mut self,
        reader: &mut Reader,
        event: &Event,
    ) -> Result<Option<String>, SessionError> {
        let time = self.local_time(event.time);
        let time = time.strftime("%H:%M").to_string();
        if let Content::Room(change) = &event.content {
            let name = |user| reader.user_label(user);
            let text = describe_event(event.author, change, event.time, name);
            return Ok(Some(markdown::note(&format!("{time} {text}"))));
        }
        if !event.content.is_message() {
            return Ok(None);
        }
        let text = self.text(reader, event).await?;
        let author = event.author();
        self.remember(event.seq, quote_of(&author, text.as_deref()));
        let deleted_by = self.folding.deleted_by(event.seq);
        let deleted_by = deleted_by.map(|user| reader.user_label(user));
        let Some(text) = &text else {
            return Ok(Some(markdown::message(&Message {
                author: &author,
                time: &time,
                text: Text::Deleted(deleted_by.as_deref()),
                ..Message::default()
            })));
        };
        let quote = match event.content.reply_to() {
            Some(to) => Some(self.quote(reader, to).await?),
            None => None,
        };
        let reactions = self.folding.reactions(event.seq, reader.me().0).into_iter();
        let reactions = reactions.map(|it| (it.emoji.as_str().to_owned(), it.count));
        Ok(Some(markdown::message(&Message {
            author: &author,
            time: &time,
            text: match &event.content {
                Content::Emote(_) => Text::Emote(text),
                _ => Text::Said(text),
            },
            quote,
            is_edited: self.folding.last_edit(event.seq).is_some(),
            reactions: reactions.collect(),
        })))
    }

    /// A message as it reads now; `None` if it was deleted, even a moment ago.
    async fn text(
        &self,
        reader: &mut Reader,
        event: &Event,
    ) -> Result<Option<String>, SessionError> {
        if self.folding.deleted_by(event.seq).is_some() {
            return Ok(None);
        }
        let Some(body) = event.content.body() else {
            return Ok(None);
        };
        let edit = match self.folding.last_edit(event.seq) {
            Some((edit, ())) => reader.entry(self.conversation, edit).await?,
            None => None,
        };
        Ok(match edit.map(|edit| edit.content) {
            Some(Content::Edit { body, .. }) => Some(body.as_str().to_owned()),
            Some(Content::Erased(ErasedKind::Edit)) => None,
            _ => Some(body.as_str().to_owned()),
        })
    }

    async fn quote(&mut self, reader: &mut Reader, to: Seq) -> Result<Quote, SessionError> {
        if let Some((_, quote)) = self.recent.iter().rev().find(|(seq, _)| *seq == to) {
            return Ok(quote.clone());
        }
        let original = reader.entry(self.conversation, to).await?;
        let Some(original) = original.filter(|it| it.content.is_message()) else {
            return Ok(Quote::Unknown);
        };
        let text = self.text(reader, &original).await?;
        Ok(quote_of(&original.author(), text.as_deref()))
    }

    fn remember(&mut self, seq: Seq, quote: Quote) {
        if self.recent.len() >= MAX_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((seq, quote));
    }
}

fn quote_of(author: &str, text: Option<&str>) -> Quote {
    text.map_or(Quote::Deleted, |text| Quote::of(author, text))
}

fn too_many_changes() -> Failure {
    let text = format!(
        "The conversation has more than {MAX_CHANGES} edits, deletions and reactions, too many for \
         Markdown. Use --format jsonl."
    );
    Failure::new(Exit::Failure, text)
}
