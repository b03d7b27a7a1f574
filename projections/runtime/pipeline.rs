//! Reading, folding and writing, each beside the others: while one page is written the next is folded and the one
//! after it is read. Every page is decoded once for all members.

use std::sync::Arc;

use futures::future::try_join_all;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_database::{AssertSqlSafe, Cell, DatabaseError, Transaction, Value};
use trunkline_domain::access;
use trunkline_kernel::{Position, Recorded, Timestamp};
use trunkline_log::{Direction, Filter, Query};

use super::context::{Context, RuntimeError};
use super::lease::Seat;
use super::member::{Member, write};
use super::meter::Meter;
use super::parking;
use super::settings::TRIES_MAX;
use crate::ReadModel;
use crate::fold::{Decoded, Writes};
use crate::runtime::Status;

/// How many events the first page has; the next ones grow from there, as far as their bytes permit.
const FIRST_PAGE_EVENTS: usize = 64;

/// How many bytes of payload a page is meant to have at most: what is folded from it is several times as large, and the events
/// of the record of reads can each be as large as a hundred others.
const PAGE_BYTES: usize = 8 << 20;

/// Pages of more events than this are decoded on a thread that may block.
const INLINE_EVENTS_MAX: usize = 64;

struct Page {
    events: Arc<[Decoded]>,
    head: Position,
}

/// What one member makes of a page.
struct Part {
    seat: Seat,
    from: Position,
    to: Position,
    writes: Vec<Writes>,
}

struct Batch {
    number: u64,
    parts: Vec<Part>,
    recorded_at: Option<Timestamp>,
    head: Position,
    careful: bool,
}

/// Follows the log for several generations at once until `until` is in all of them, or for ever; ends early when
/// `stop` says so. Whatever was begun is then committed.
pub(crate) async fn run(
    context: &Arc<Context>,
    seats: Vec<Seat>,
    until: Option<Position>,
    stop: CancellationToken,
) -> Result<(), RuntimeError> {
    let Some(start) = seats.iter().map(|seat| seat.position).min() else { return Ok(()) };
    let mut members = Vec::new();
    for seat in seats {
        let parked = parking::left_out(&context.database, seat.model, seat.generation, seat.position).await?;
        let member = Member::new(seat.model, seat.generation, seat.position, parked);
        members.push((seat, member));
    }
    let stop = stop.child_token();
    let (page_sender, pages) = mpsc::channel(1);
    let (batch_sender, batches) = mpsc::channel(1);
    let (done, committed) = watch::channel(0);
    let reader = tokio::spawn(read(context.clone(), start, until, stop.clone(), page_sender));
    let folder = tokio::spawn(fold(context.clone(), members, pages, batch_sender, committed));
    let writer = tokio::spawn(commit_all(context.clone(), batches, done));
    // When folding or writing ends, the reader may be waiting for events that nobody would take.
    let written = ended(writer).await;
    stop.cancel();
    // The writer's fault is the cause when the others end because their channel closed.
    [written, ended(folder).await, ended(reader).await].into_iter().collect()
}

async fn ended(task: JoinHandle<Result<(), RuntimeError>>) -> Result<(), RuntimeError> {
    task.await.unwrap_or(Err(RuntimeError::Ended))
}

async fn read(
    context: Arc<Context>,
    mut from: Position,
    until: Option<Position>,
    stop: CancellationToken,
    out: mpsc::Sender<Page>,
) -> Result<(), RuntimeError> {
    let mut hint = context.log.hint();
    let mut limit = FIRST_PAGE_EVENTS.min(context.settings.page_events);
    while !stop.is_cancelled() && until.is_none_or(|until| from < until) {
        hint.mark_unchanged();
        let query = Query {
            filter: Filter::default(),
            direction: Direction::Forwards,
            from: Some(from),
            until,
            limit,
        };
        let page = context.log.read(&query).await?;
        let Some(last) = page.events.last().map(|event| event.position) else {
            // A hint can be lost, so the log is read again after a while in any case (trap 4).
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = tokio::time::timeout(context.settings.reread, hint.changed()) => continue,
            }
        };
        from = last;
        let is_read = |event: &Recorded| event.stream.category() == access::CATEGORY.as_str();
        let only_reads = page.events.iter().all(is_read) && page.events.len() < limit;
        let bytes: usize = page.events.iter().map(|event| event.event.payload.as_str().len()).sum();
        let fitting = (PAGE_BYTES / (bytes / page.events.len()).max(1)).max(1);
        limit = (limit * 2).min(fitting).min(context.settings.page_events);
        let events: Arc<[Decoded]> = if page.events.len() <= INLINE_EVENTS_MAX {
            page.events.into_iter().map(Decoded::new).collect()
        } else {
            let decode = move || page.events.into_iter().map(Decoded::new).collect();
            tokio::task::spawn_blocking(decode).await.map_err(|_| RuntimeError::Ended)?
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            sent = out.send(Page { events, head: page.head }) => if sent.is_err() { return Ok(()) },
        }
        if only_reads && until.is_none() {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = context.reached.wanted() => {}
                () = tokio::time::sleep(context.settings.gather) => {}
            }
        }
    }
    Ok(())
}

async fn fold(
    context: Arc<Context>,
    mut members: Vec<(Seat, Member)>,
    mut pages: mpsc::Receiver<Page>,
    out: mpsc::Sender<Batch>,
    committed: watch::Receiver<u64>,
) -> Result<(), RuntimeError> {
    let mut number = 0;
    // What ended the last process was in the page that it had begun.
    let page = context.settings.page_events;
    let mut careful = if members.iter().any(|(seat, _)| seat.careful) { page } else { 0 };
    while let Some(page) = pages.recv().await {
        if careful == 0 {
            number += 1;
            let batch =
                fold_page(&context, &mut members, &page.events, number, page.head, &committed).await?;
            if out.send(batch).await.is_err() {
                return Ok(());
            }
            continue;
        }
        careful = careful.saturating_sub(page.events.len());
        for event in page.events.iter() {
            // One event a page: `Decoded` is not `Clone`, so it is decoded once more.
            let one: Arc<[Decoded]> = Arc::new([Decoded::new(event.recorded.clone())]);
            // Whoever folds the event does so alone, so that the blame for an end is with the right read model; then
            // all the others pass it.
            let admitting = (0..members.len()).filter(|at| members[*at].1.admits(event)).collect::<Vec<_>>();
            for at in admitting.into_iter().map(|at| at..at + 1).chain(std::iter::once(0..members.len())) {
                number += 1;
                let mut batch =
                    fold_alone(&context, &mut members[at], &one, number, page.head, &committed).await?;
                batch.careful = true;
                if out.send(batch).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Folds one event between two notes, so that only a process that ends in between is counted.
async fn fold_alone(
    context: &Context,
    members: &mut [(Seat, Member)],
    event: &Arc<[Decoded]>,
    number: u64,
    head: Position,
    committed: &watch::Receiver<u64>,
) -> Result<Batch, RuntimeError> {
    // A process that ends here begins with this event again, so that no other event takes its note away.
    let mut before = committed.clone();
    before.wait_for(|done| *done + 1 >= number).await.map_err(|_| RuntimeError::Ended)?;
    for (seat, member) in members.iter_mut() {
        begin_try(context, seat, member, &event[0]).await?;
    }
    let batch = fold_page(context, members, event, number, head, committed).await?;
    for (seat, _) in members.iter_mut().filter(|(seat, _)| seat.tries > 0) {
        note_tries(context, seat, event[0].recorded.position, 0).await?;
    }
    Ok(batch)
}

async fn fold_page(
    context: &Context,
    members: &mut [(Seat, Member)],
    events: &Arc<[Decoded]>,
    number: u64,
    head: Position,
    committed: &watch::Receiver<u64>,
) -> Result<Batch, RuntimeError> {
    let last = events.last().map(|event| &event.recorded);
    let to = last.map_or(Position::START, |last| last.position);
    let behind = members.iter_mut().filter(|(_, member)| member.position < to);
    let parts = behind.map(|(seat, member)| async move {
        member.committed(*committed.borrow());
        let writes = fold_or_park(context, member, events, number, committed.clone()).await?;
        let from = std::mem::replace(&mut member.position, to);
        Ok::<_, RuntimeError>(Part { seat: seat.clone(), from, to, writes })
    });
    let parts = try_join_all(parts).await?;
    Ok(Batch { number, parts, recorded_at: last.map(|last| last.recorded_at), head, careful: false })
}

/// Folds a page; an event that fails is tried again with fresh rows, and left out after its last try.
async fn fold_or_park(
    context: &Context,
    member: &mut Member,
    events: &Arc<[Decoded]>,
    number: u64,
    mut committed: watch::Receiver<u64>,
) -> Result<Vec<Writes>, RuntimeError> {
    loop {
        member.load(&context.database, events).await?;
        let failure = match member.fold(events, number).await {
            Ok(writes) => return Ok(writes),
            Err(failure) => failure,
        };
        committed.wait_for(|done| *done + 1 >= number).await.map_err(|_| RuntimeError::Ended)?;
        let failed = events.iter().find(|event| event.recorded.position == failure.position);
        let Some(event) = failed else { return Err(RuntimeError::Ended) };
        let (model, generation) = (member.model, member.generation);
        if parking::failed(context, model, generation, &event.recorded, &failure.error, 0).await? {
            member.parked.insert(failure.position);
        }
        member.forget();
    }
}

/// Writes down that this event is about to be folded, or parks it when too many processes ended in doing so.
async fn begin_try(
    context: &Context,
    seat: &mut Seat,
    member: &mut Member,
    event: &Decoded,
) -> Result<(), RuntimeError> {
    if !member.admits(event) {
        return Ok(());
    }
    let position = event.recorded.position;
    let ended = if seat.trying == position { seat.tries } else { 0 };
    if ended < TRIES_MAX {
        return note_tries(context, seat, position, ended + 1).await;
    }
    let error = "the process ended while it folded this event";
    parking::failed(context, seat.model, seat.generation, &event.recorded, error, ended).await?;
    member.parked.insert(position);
    Ok(())
}

async fn note_tries(
    context: &Context,
    seat: &mut Seat,
    position: Position,
    tries: i64,
) -> Result<(), RuntimeError> {
    (seat.trying, seat.tries) = (position, tries);
    let sql = "UPDATE projection_generations SET trying = $4, tries = $5
        WHERE name = $1 AND generation = $2 AND epoch = $3";
    let values =
        vec![name(seat.model), seat.generation.value(), seat.epoch.value(), position.value(), tries.value()];
    context.database.execute(sql, values).await?;
    Ok(())
}

fn name(model: ReadModel) -> Value {
    Value::Text(model.name().into())
}

async fn commit_all(
    context: Arc<Context>,
    mut batches: mpsc::Receiver<Batch>,
    done: watch::Sender<u64>,
) -> Result<(), RuntimeError> {
    let mut meter = Meter::default();
    while let Some(Batch { number, parts, recorded_at, head, careful }) = batches.recv().await {
        let reached: Vec<(Seat, Position, Position)> =
            parts.iter().map(|part| (part.seat.clone(), part.from, part.to)).collect();
        commit(&context, parts, recorded_at, careful).await?;
        done.send_replace(number);
        let active = reached.iter().filter(|(seat, _, _)| seat.status == Status::Active);
        context.reached.advance(active.map(|(seat, _, to)| (seat.model, *to)));
        for (seat, from, to) in &reached {
            meter.advanced(&context.progress, (seat.model, seat.generation), *from, *to, head);
        }
    }
    Ok(())
}

/// Rows and checkpoints in one transaction.
async fn commit(
    context: &Context,
    parts: Vec<Part>,
    recorded_at: Option<Timestamp>,
    careful: bool,
) -> Result<(), DatabaseError> {
    let mut transaction = context.database.begin().await?;
    let mut froms: Vec<Position> = parts.iter().map(|part| part.from).collect();
    froms.sort_unstable();
    froms.dedup();
    for from in froms {
        let moving = parts.iter().filter(|part| part.from == from);
        move_on(context, &mut transaction, from, moving.collect(), recorded_at, careful).await?;
    }
    for Part { seat, writes, .. } in parts {
        write(&mut transaction, seat.generation, writes).await?;
    }
    transaction.commit().await
}

/// Moves the checkpoints that stand at `from`, in one statement, because most pages are small. The guard is what makes a
/// late or repeated write harmless (traps 9 and 12): it holds only from the position that these rows were made after, and
/// only for the present owner.
async fn move_on(
    context: &Context,
    transaction: &mut Transaction,
    from: Position,
    parts: Vec<&Part>,
    recorded_at: Option<Timestamp>,
    careful: bool,
) -> Result<(), DatabaseError> {
    let Some(first) = parts.first() else { return Ok(()) };
    let mut values = vec![context.owner.value(), from.value(), first.to.value(), recorded_at.value()];
    let mut seats = Vec::with_capacity(parts.len());
    for Part { seat, .. } in &parts {
        let at = values.len();
        seats.push(format!("(name = ${} AND generation = ${} AND epoch = ${})", at + 1, at + 2, at + 3));
        values.extend([name(seat.model), seat.generation.value(), seat.epoch.value()]);
    }
    let (starts, seats) = (if careful { "starts" } else { "0" }, seats.join(" OR "));
    let sql = format!(
        "UPDATE projection_generations SET position = $3, recorded_at = $4, starts = {starts}
         WHERE owner = $1 AND position = $2 AND ({seats})"
    );
    transaction.execute_expecting(parts.len() as u64, AssertSqlSafe(sql), values).await
}

/// Tries parked events again, each with its own transaction; gives how many are folded now.
pub(crate) async fn replay(context: &Context, seat: &Seat) -> Result<usize, RuntimeError> {
    let mut folded = 0;
    for parked in parking::to_replay(&context.database, seat.model, seat.generation).await? {
        let before = Position(parked.position.0.saturating_sub(1));
        let query = Query {
            filter: Filter::default(),
            direction: Direction::Forwards,
            from: Some(before),
            until: Some(parked.position),
            limit: 1,
        };
        let events: Arc<[Decoded]> =
            context.log.read(&query).await?.events.into_iter().map(Decoded::new).collect();
        let Some(event) = events.first() else { continue };
        let mut member = Member::new(seat.model, seat.generation, before, Default::default());
        member.forget();
        member.load(&context.database, &events).await?;
        match member.fold(&events, 1).await {
            Err(failure) => {
                parking::failed(context, seat.model, seat.generation, &event.recorded, &failure.error, 0)
                    .await?;
            }
            Ok(writes) => {
                let mut transaction = context.database.begin().await?;
                let sql = "UPDATE projection_generations SET starts = 0
                    WHERE name = $1 AND generation = $2 AND owner = $3 AND epoch = $4 AND position = $5";
                let key = vec![name(seat.model), seat.generation.value()];
                let mut values = key.clone();
                values.extend([context.owner.value(), seat.epoch.value(), seat.position.value()]);
                transaction.execute_expecting(1, sql, values).await?;
                write(&mut transaction, seat.generation, writes).await?;
                let mut values = key;
                values.push(parked.position.value());
                let sql =
                    "DELETE FROM projection_parked WHERE name = $1 AND generation = $2 AND position = $3";
                transaction.execute(sql, values).await?;
                transaction.commit().await?;
                folded += 1;
            }
        }
    }
    Ok(folded)
}
