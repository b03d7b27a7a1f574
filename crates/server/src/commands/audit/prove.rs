//! `trunkline audit prove`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use trunkline_kernel::{CustomerId, EventId, Id as _, Position, Recorded, Tag};
use trunkline_log::raw::Rows;
use trunkline_log::{Direction, Filter, Log, Query};
use trunkline_notary::{EventDocument, EventsDocument, InclusionDocument, Proof};
use trunkline_registry::{Books, NumberedHead};
use uuid::Uuid;

use super::arguments::Prove;
use super::heads_of;
use crate::config::Settings;
use crate::{notary, store};

/// How many events are read at once.
const PAGE: usize = 500;

pub(super) async fn run(settings: &Settings, arguments: &Prove) -> anyhow::Result<ExitCode> {
    let rows = notary::open_rows(settings, 2).await?;
    let Some(books) = notary::find_books(settings).await? else {
        bail!("the notary has no books here yet; start the server, which signs the log")
    };
    let head = books.last_head().await?.context("the notary has signed nothing yet")?;
    let proof = if let Some(file) = &arguments.since {
        growth(&books, file, &head).await?
    } else {
        let opened = store::open_log(settings).await?;
        let desk = Desk { log: &*opened.log, rows, books: &books, head, with_text: arguments.with_text };
        let proof = desk.prove(arguments).await;
        opened.log.close().await;
        proof?
    };
    books.close().await;
    let text = serde_json::to_string(&proof)?;
    match &arguments.output {
        Some(file) => {
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
            crate::say(&format!("The proof is in {}.", file.display()));
        }
        None => crate::say(&text),
    }
    Ok(ExitCode::SUCCESS)
}

async fn growth(books: &Books, file: &Path, head: &NumberedHead) -> anyhow::Result<Proof> {
    let [from] = heads_of(file)?[..] else { bail!("{} holds more than one tree head", file.display()) };
    let proof = books.prove_growth(from, head).await;
    let proof = proof.context("the log has not only grown since that head, or the head is of another log")?;
    Ok(Proof::Consistency(proof))
}

/// What proofs are made of.
struct Desk<'d> {
    log: &'d dyn Log,
    rows: Arc<dyn Rows>,
    books: &'d Books,
    head: NumberedHead,
    with_text: bool,
}

impl Desk<'_> {
    async fn prove(&self, arguments: &Prove) -> anyhow::Result<Proof> {
        if let Some(customer) = &arguments.customer {
            return self.customer(customer).await;
        }
        let what = arguments.event.as_deref().unwrap_or_default();
        let position = self.position(what).await?;
        let between = (Position(position.0.saturating_sub(1)), position);
        let events = self.read(Filter::default(), between.0, between.1).await?;
        let event = events.first().with_context(|| format!("there is no event at position {position}"))?;
        Ok(Proof::Inclusion(InclusionDocument { event: self.one(event).await?, head: self.head.signed }))
    }

    async fn customer(&self, customer: &str) -> anyhow::Result<Proof> {
        let key = customer.strip_prefix("customer:").unwrap_or(customer);
        let id = Uuid::try_parse(key).with_context(|| format!("{customer:?} is no id of a customer"))?;
        let tag = Tag::of(CustomerId::from_uuid(id));
        let filter = Filter { tags: vec![tag.clone()], ..Filter::default() };
        let (mut from, until) = (Position::START, Position(self.head.signed.head.size));
        let mut events = Vec::new();
        loop {
            let page = self.read(filter.clone(), from, until).await?;
            for event in &page {
                events.push(self.one(event).await?);
            }
            match page.last() {
                Some(last) if page.len() == PAGE => from = last.position,
                Some(_) | None => break,
            }
        }
        if events.is_empty() {
            bail!("no event up to the last tree head, at position {until}, concerns {tag}");
        }
        Ok(Proof::Events(EventsDocument { tag: tag.as_str().to_owned(), events, head: self.head.signed }))
    }

    async fn one(&self, event: &Recorded) -> anyhow::Result<EventDocument> {
        let mut proof = self.books.prove(event, &self.head).await?;
        if self.with_text {
            proof.canonical = Some(self.text(event.position).await?);
        }
        Ok(proof)
    }

    /// The canonical text, from the row itself.
    async fn text(&self, position: Position) -> anyhow::Result<String> {
        let rows = Arc::clone(&self.rows);
        let read = tokio::task::spawn_blocking(move || {
            let mut text = Vec::new();
            let before = Position(position.0.saturating_sub(1));
            rows.scan(before, position, &mut |row| {
                if let Ok(row) = row {
                    row.computed_digest(&mut text);
                }
            })
            .map(|()| text)
        });
        Ok(String::from_utf8(read.await??)?)
    }

    async fn position(&self, what: &str) -> anyhow::Result<Position> {
        if let Ok(position) = what.parse() {
            return Ok(Position(position));
        }
        let key = what.strip_prefix(EventId::KIND).and_then(|rest| rest.strip_prefix(':')).unwrap_or(what);
        let id =
            Uuid::try_parse(key).with_context(|| format!("{what:?} is no position and no id of an event"))?;
        let rows = Arc::clone(&self.rows);
        let found = tokio::task::spawn_blocking(move || rows.position_of(id)).await??;
        found.with_context(|| format!("the log has no event {what}"))
    }

    async fn read(&self, filter: Filter, from: Position, until: Position) -> anyhow::Result<Vec<Recorded>> {
        let query = Query {
            filter,
            direction: Direction::Forwards,
            from: Some(from),
            until: Some(until),
            limit: PAGE,
        };
        Ok(self.log.read(&query).await?.events)
    }
}
