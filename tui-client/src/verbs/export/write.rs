//! One conversation as a page of Markdown. The log is read twice: first for what was done with
//! messages, then for the messages, which are written as they come.

use std::collections::VecDeque;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use recado_shared::rules::folding::Folding;
use recado_shared::{Content, ConversationId, ErasedKind, PageRange, Seq, UserId};

use super::markdown::{self, Message, Quote, Text};
use super::output::{Output, Stop};
use super::too_much;
use crate::client::Event;
use crate::client::link::wall_time;
use crate::net::SessionError;
use crate::strings::rooms::describe_event;
use crate::verbs::line::timestamp;
use crate::verbs::reading::Reader;

/// Messages that a reply can quote without asking for them again.
const MAX_RECENT: usize = 256;

/// Most edits, deletions and reactions that are kept: a few dozen bytes each.
const MAX_CHANGES: usize = 1_000_000;

/// A page on its way.
pub(super) struct Page {
    conversation: ConversationId,
    zone: TimeZone,
    newest: Seq,
    folding: Folding<()>,
    day: Option<Date>,
    /// The last messages, as replies quote them.
    recent: VecDeque<(Seq, Quote)>,
}

impl Page {
    /// Reads what was done with messages.
    pub(super) async fn begin(
        reader: &mut Reader,
        conversation: ConversationId,
        zone: &TimeZone,
    ) -> Result<Self, Stop> {
        let mut page = Self {
            conversation,
            zone: zone.clone(),
            newest: reader.newest(conversation).await?,
            folding: Folding::default(),
            day: None,
            recent: VecDeque::new(),
        };
        let mut after = Seq::ZERO;
        while let Some(events) = page.next(reader, after).await? {
            for event in &events {
                page.folding
                    .apply(event.seq, event.author, &event.content, |_| ());
                if page.folding.len() > MAX_CHANGES {
                    return Err(too_much(MAX_CHANGES).into());
                }
                after = event.seq;
            }
        }
        Ok(page)
    }

    /// The next entries; `None` after the last one.
    async fn next(
        &self,
        reader: &mut Reader,
        after: Seq,
    ) -> Result<Option<Vec<Event>>, SessionError> {
        if after >= self.newest {
            return Ok(None);
        }
        let range = PageRange::After(after);
        let mut events = reader.page(self.conversation, range).await?.events;
        events.retain(|event| event.seq <= self.newest);
        Ok((!events.is_empty()).then_some(events))
    }

    /// Writes the page, and counts the entries that have gone by.
    pub(super) async fn write(
        &mut self,
        reader: &mut Reader,
        output: &mut Output,
        entries: &mut u64,
    ) -> Result<(), Stop> {
        output.write(&self.title(reader))?;
        let mut after = Seq::ZERO;
        while let Some(events) = self.next(reader, after).await? {
            if let (Seq::ZERO, Some(first)) = (after, events.first())
                && first.seq > Seq(1)
            {
                output.write(&markdown::note("Earlier messages are hidden from you."))?;
            }
            for event in &events {
                if let Some(written) = self.entry(reader, event).await? {
                    self.write_day(output, event)?;
                    output.write(&written)?;
                }
                after = event.seq;
                *entries += 1;
            }
        }
        Ok(())
    }

    fn title(&self, reader: &Reader) -> String {
        let now = timestamp(wall_time()).to_zoned(self.zone.clone());
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
        let time = timestamp(event.time).to_zoned(self.zone.clone());
        if self.day == Some(time.date()) {
            return Ok(());
        }
        self.day = Some(time.date());
        let day = time.strftime("%A, %-d %B %Y").to_string();
        output.write(&markdown::day(&day))
    }

    /// What is written of an entry.
    async fn entry(
        &mut self,
        reader: &mut Reader,
        event: &Event,
    ) -> Result<Option<String>, SessionError> {
        let time = timestamp(event.time).to_zoned(self.zone.clone());
        let time = time.strftime("%H:%M").to_string();
        if let Content::Room(happened) = &event.content {
            let text = describe_event(event.author, happened, event.time, |user| {
                name(reader, user)
            });
            return Ok(Some(markdown::note(&format!("{time} {text}"))));
        }
        if !event.content.is_message() {
            return Ok(None);
        }
        let text = self.text(reader, event).await?;
        let author = event.author();
        let quote = match &text {
            None => Quote::Deleted,
            Some(text) => Quote::of(&author, text),
        };
        self.remember(event.seq, quote);
        let deleted_by = self.folding.deleted_by(event.seq);
        let deleted_by = deleted_by.map(|user| name(reader, user));
        let quote = match (&event.content, &text) {
            (Content::Reply { to, .. }, Some(_)) => Some(self.quote(reader, *to).await?),
            _ => None,
        };
        let text = match (&text, &event.content) {
            (None, _) => Text::Deleted(deleted_by.as_deref()),
            (Some(text), Content::Emote(_)) => Text::Done(text),
            (Some(text), _) => Text::Said(text),
        };
        let is_there = !matches!(text, Text::Deleted(_));
        let reactions = self.folding.reactions(event.seq, reader.me().0).into_iter();
        let reactions = reactions.filter(|_| is_there);
        let reactions = reactions.map(|it| (it.emoji.as_str().to_owned(), it.count));
        Ok(Some(markdown::message(&Message {
            author: &author,
            time: &time,
            text,
            quote,
            is_edited: is_there && self.folding.last_edit(event.seq).is_some(),
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
        let Some((edit, ())) = self.folding.last_edit(event.seq) else {
            return Ok(Some(body.as_str().to_owned()));
        };
        let edit = reader.entry(self.conversation, edit).await?;
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
        Ok(match text {
            None => Quote::Deleted,
            Some(text) => Quote::of(&original.author(), &text),
        })
    }

    fn remember(&mut self, seq: Seq, quote: Quote) {
        if self.recent.len() >= MAX_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((seq, quote));
    }
}

fn name(reader: &Reader, user: UserId) -> String {
    let name = reader.names().user(user);
    name.map_or_else(|| format!("user {user}"), ToString::to_string)
}
