//! Figures: windows add up, calls stand behind them, and what came later can be left out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use trunkline_domain::call::{Answerer, EndCause};
use trunkline_insight::{Kpi, Sums, figure};
use trunkline_kernel::{CampaignId, Millis, Timestamp};
use trunkline_log::{Append, Log, MemoryLog, StreamWrite};

use super::support::{START, asking, caught_up, clock, filled_log, hurried, on_both, start, stories};
use super::world::World;
use crate::kpi::{CallRow, Dimension, Granularity};
use crate::reads::{CallFilter, FiguresQuery, LiveAnswers};
use crate::{PageRequest, ReadModel, ReadModels};

fn week() -> FiguresQuery {
    const DAY: Millis = Millis::from_mins(24 * 60);
    let from = START.floor(DAY);
    let until = from.plus(Millis(7 * DAY.0));
    FiguresQuery { granularity: None, from, until, by: Vec::new(), only: Default::default() }
}

async fn total(models: &ReadModels, query: &FiguresQuery) -> Result<Sums> {
    let mut total = Sums::default();
    models.figures(query).await?.into_iter().for_each(|row| total += row.sums);
    Ok(total)
}

async fn behind(models: &ReadModels, kpi: Kpi) -> Result<i64> {
    let (mut count, mut request) = (0, PageRequest::first(100));
    loop {
        let page = models.calls_behind(kpi, &CallFilter::default(), &request).await?;
        count += i64::try_from(page.edges.len())?;
        match page.edges.last() {
            Some(last) if page.has_next => request.after = Some(last.cursor.clone()),
            _ => return Ok(count),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_and_dimensions_add_up_and_calls_stand_behind_every_figure() -> Result<()> {
    on_both(async |database| {
        let log = filled_log(61, 4_000).await?;
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        let models = asking(&runtime, &database);
        let whole = total(&models, &week()).await?;
        assert!(whole.calls > 100 && whole.dials > 50 && whole.queued > 20, "{whole:?}");
        for granularity in Granularity::ALL {
            let query = FiguresQuery { granularity: Some(granularity), ..week() };
            assert_eq!(total(&models, &query).await?, whole, "{granularity:?}");
        }
        for dimension in Dimension::ALL {
            let query = FiguresQuery { by: vec![dimension], ..week() };
            assert_eq!(total(&models, &query).await?, whole, "{dimension:?}");
        }
        for &kpi in Kpi::ALL {
            let figure = figure(kpi, &whole);
            let about_others =
                [Kpi::Occupancy, Kpi::Utilisation, Kpi::ConversionOfLeads, Kpi::Penetration, Kpi::Intensity];
            let counted = if about_others.contains(&kpi) {
                0
            } else if kpi == Kpi::ServiceTime {
                whole.handled
            } else if figure.unit == trunkline_insight::Unit::Count {
                figure.numerator
            } else {
                figure.denominator
            };
            assert_eq!(behind(&models, kpi).await?, counted, "{}", kpi.name());
        }
        runtime.stop().await;
        Ok(())
    })
    .await
}

/// What the calls of these hours count for the share of abandoned calls, said again from single calls.
fn counted(calls: &[CallRow], campaign: CampaignId, from: Timestamp) -> LiveAnswers {
    let mut live = LiveAnswers { campaign, answered: 0, abandoned: 0, passed: 0, machines: 0 };
    let within = |call: &&CallRow| {
        call.campaign_id == Some(campaign) && call.started_at >= from && call.dialed_at.is_some()
    };
    for call in calls.iter().filter(within) {
        let by = |answerer| call.answerer.is_some_and(|by| by.0 == answerer);
        let bridged = call.bridged_at.is_some();
        let person = by(Answerer::Human) || (!by(Answerer::Machine) && (bridged || call.abandoned));
        let hung_up_on = call.cause.is_some_and(|cause| cause.0 == EndCause::Machine);
        live.answered += i64::from(person);
        live.abandoned += i64::from(call.abandoned);
        live.passed += i64::from(person && bridged && !call.abandoned);
        live.machines += i64::from(by(Answerer::Machine) || (!person && hung_up_on));
    }
    live
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_day_is_counted_by_hours_and_more_days_by_days() -> Result<()> {
    const HOUR: Millis = Millis::from_mins(60);
    const DAY: Millis = Millis::from_mins(24 * 60);
    on_both(async |database| {
        let log = filled_log(64, 4_000).await?;
        let runtime = start(&database, &log, hurried()).await?;
        caught_up(&runtime, &database, log.as_ref()).await?;
        let models = asking(&runtime, &database);
        let calls = World::read(&models, log.as_ref()).await?.calls;
        let campaigns: BTreeSet<CampaignId> = calls.iter().filter_map(|call| call.campaign_id).collect();
        let campaigns: Vec<CampaignId> = campaigns.into_iter().collect();
        let mut looked_at = 0;
        for minutes in [20, 24 * 60, 24 * 60 + 65, 30 * 60] {
            let now = START.plus(Millis::from_mins(minutes));
            let windows = [
                (1, now.plus(Millis(-DAY.0)).floor(HOUR)),
                (2, now.floor(DAY).plus(Millis(-DAY.0))),
                (30, now.floor(DAY).plus(Millis(-29 * DAY.0))),
            ];
            for (days, from) in windows {
                for live in models.live_answers(&campaigns, days, now).await? {
                    assert_eq!(live, counted(&calls, live.campaign, from), "{days} days before {now}");
                    looked_at += live.answered;
                }
            }
        }
        assert!(looked_at > 20, "{looked_at}");
        runtime.stop().await;
        Ok(())
    })
    .await
}

/// The first and the second half of what a story writes to each stream.
fn cut(story: Append) -> (Append, Append) {
    let (mut begun, mut ended) = (Append::default(), Append::default());
    for mut write in story.writes {
        let events = write.events.split_off(write.events.len().div_ceil(2));
        if !events.is_empty() {
            ended.writes.push(StreamWrite { events, ..write.clone() });
        }
        begun.writes.push(write);
    }
    (begun, ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_as_they_were_known_leave_out_what_came_later() -> Result<()> {
    on_both(async |database| {
        let mut all = stories(62, 2_400);
        let later = all.split_off(all.len() / 2);
        let log = Arc::new(MemoryLog::new(clock()));
        for story in all {
            log.append(story).await?;
        }
        // Twenty stories are cut in the middle, so that calls are under way at that moment.
        let (begun, ended): (Vec<Append>, Vec<Append>) = later.into_iter().take(20).map(cut).unzip();
        for story in begun {
            log.append(story).await?;
        }
        let runtime = start(&database, &log, hurried()).await?;
        let then = caught_up(&runtime, &database, log.as_ref()).await?;
        let models = asking(&runtime, &database);
        let query =
            FiguresQuery { granularity: Some(Granularity::Hour), by: vec![Dimension::Team], ..week() };
        let sorted = |rows: Vec<crate::reads::FigureRow>| -> BTreeMap<_, _> {
            rows.into_iter().map(|row| ((row.window_start, row.team), row.sums)).collect()
        };
        let known_then = sorted(models.figures(&query).await?);
        for story in ended.into_iter().chain(stories(63, 300)) {
            if story.event_count() > 0 {
                log.append(story).await?;
            }
        }
        caught_up(&runtime, &database, log.as_ref()).await?;
        let known_now = sorted(models.figures(&query).await?);
        assert_ne!(known_now, known_then);
        assert_eq!(sorted(models.figures_as_known(&query, then).await?), known_then);
        assert_eq!(sorted(models.figures_as_known(&query, log.head().await?).await?), known_now);
        let position = models.position(ReadModel::Kpi).await?;
        assert_eq!(position, log.head().await?);
        runtime.stop().await;
        Ok(())
    })
    .await
}
