//! Whether the model that scores still meets the world that it was made for: its newest decisions are held against its first.
//!
//! Why its first, and not the data that it was trained with: the file of a model does not hold them, and its first decisions
//! are of the customers and agents that it was activated for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_app::cases::NoteMeasurement;
use trunkline_app::{CommandError, Dispatcher, Request};
use trunkline_domain::model::{ColumnDrift, DriftFigure, Measured, Reading};
use trunkline_insight::{auc, auc_interval, calibration_error, population_stability};
use trunkline_kernel::{Actor, EventType, Position, Timestamp};
use trunkline_log::{Direction, Filter, Log, LogError, Query};
use trunkline_routing::Hash;
use trunkline_routing::matching::Decision;
use trunkline_routing::score::Column;
use uuid::Uuid;

use super::evaluate::{BINS, RESAMPLES, SEED, within};
use super::outcomes::decision_of;
use super::{LiveModels, Outcomes, Paired, Subject, Unread};
use crate::port::Wanted;
use crate::{AgentPool, Features};

/// How many records of decisions are read at once: they are large.
const PAGE: usize = 20;
/// How many decisions are looked at for one that has an outcome.
const LOOKED_AT: usize = 4;
/// How many columns are told, those that moved most.
const COLUMNS_TOLD: usize = 5;
/// What was beyond its limit is well again below this share of it, so that a figure at its limit is not told all the time.
const WELL_AGAIN: f64 = 0.8;
/// What servers claim that measure, so that one does.
const DUTY: Uuid = Uuid::from_u128(0x726f_7574_696e_6700_8000_0000_0000_0003);

/// What measuring turns on. All of it can be set under `[models]` in the configuration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftSettings {
    /// How often it is measured; never when zero. Default 10 min.
    pub every: Duration,
    /// How many first decisions the newest are held against. Default 500.
    pub first: usize,
    /// How many of the newest. Default 1,000.
    pub newest: usize,
    /// With fewer of either, nothing is said. Default 200.
    pub least: usize,
    /// A share of the newest has to be new for figures to be noted again, unless one crosses its limit. Default 0.1.
    pub renewed: f64,
    /// The population stability index of the scores that is in order. Default 0.25.
    pub scores_max: f64,
    /// That of a column. Default 0.25.
    pub columns_max: f64,
    /// The calibration error. Default 0.1.
    pub calibration_max: f64,
    /// The loss of AUC. Default 0.02.
    pub ranking_max: f64,
}

impl Default for DriftSettings {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(600),
            first: 500,
            newest: 1_000,
            least: 200,
            renewed: 0.1,
            scores_max: 0.25,
            columns_max: 0.25,
            calibration_max: 0.1,
            ranking_max: 0.02,
        }
    }
}

/// A pairing that the model decided, with what came of it.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Of the decision.
    pub(super) position: Position,
    pub(super) at: Timestamp,
    pub(super) score: f64,
    /// The cells of the columns that the model looks at, in their order.
    pub(super) cells: Vec<f32>,
    pub(super) sale: bool,
}

/// The first decisions of what scores.
#[derive(Debug)]
struct First {
    scorer: Hash,
    began: Position,
    /// The last of them: the newest come after it.
    until: Position,
    samples: Arc<[Sample]>,
}

/// Measuring failed, which trying again can mend.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Unread(#[from] Unread),
    #[error("the log failed")]
    Log(#[from] LogError),
    #[error("the figures cannot be noted")]
    Command(#[from] CommandError),
    #[error("the work was cut off")]
    CutOff(#[from] tokio::task::JoinError),
}

/// Measures the model that scores, time and again.
pub struct Drift {
    /// Which model that is.
    pub models: Arc<LiveModels>,
    /// What its columns are called.
    pub features: Arc<Features>,
    /// Where decisions and outcomes are.
    pub log: Arc<dyn Log>,
    /// The one path to the log.
    pub dispatcher: Arc<Dispatcher>,
    /// Where servers meet, so that one of them measures.
    pub pool: Arc<AgentPool>,
    /// What it turns on.
    pub settings: DriftSettings,
}

impl Drift {
    /// Measures until it is told to stop.
    pub async fn run(self, stopping: CancellationToken) {
        if self.settings.every.is_zero() {
            return;
        }
        let mut again = tokio::time::interval(self.settings.every);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let first = Mutex::new(None);
        let measuring = async {
            loop {
                again.tick().await;
                // Whoever has it keeps it until shortly before its own next turn.
                let duty = [Wanted { id: DUTY, known: Position::START }];
                let claims = self.pool.claim(&duty, self.settings.every * 3 / 4).await;
                if claims.iter().any(Option::is_some)
                    && let Err(error) = self.turn(&first).await
                {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the model that scores cannot be measured now; trying again");
                }
            }
        };
        stopping.run_until_cancelled(Box::pin(measuring)).await;
    }

    async fn turn(&self, first: &Mutex<Option<First>>) -> Result<(), Trouble> {
        let Some(subject) = self.models.subject() else { return Ok(()) };
        let known = first.lock().take();
        let same = |first: &First| (&first.scorer, first.began) == (subject.scorer.hash(), subject.began);
        let (known, whole) = match known.filter(same) {
            Some(known) => (known, true),
            None => self.first(&subject).await?,
        };
        let measured = self.measure(&subject, &known).await?;
        // What is not whole yet grows until the next time.
        *first.lock() = Some(known).filter(|_| whole);
        if let Some((measured, _)) = measured.filter(|(measured, new)| self.is_news(&subject, measured, *new))
        {
            let action = NoteMeasurement { measured, began: subject.began };
            self.dispatcher.execute(Request::by(Actor::system("models")), &action).await?;
        }
        Ok(())
    }

    /// The first decisions since it began to score, and whether no later one will change them.
    async fn first(&self, subject: &Subject) -> Result<(First, bool), Trouble> {
        let (mut samples, mut until, mut looked_at) = (Vec::<Sample>::new(), subject.began, 0);
        let most = self.settings.first * LOOKED_AT;
        while samples.len() < self.settings.first && looked_at < most {
            let page = self.page(subject, Direction::Forwards, (Some(until), None), &mut samples).await?;
            let Some((last, count)) = page else { break };
            (until, looked_at) = (last, looked_at + count);
        }
        let whole = samples.len() >= self.settings.first || looked_at >= most;
        samples.truncate(self.settings.first);
        // What was read beyond the last of them is not lost for the newest.
        until = samples
            .last()
            .filter(|_| samples.len() == self.settings.first)
            .map_or(until, |last| last.position);
        let (scorer, samples) = (subject.scorer.hash().clone(), samples.into());
        Ok((First { scorer, began: subject.began, until, samples }, whole))
    }

    /// The figures, and how many decisions have come since those that were noted last; nothing as long as there are too few.
    async fn measure(&self, subject: &Subject, first: &First) -> Result<Option<(Measured, usize)>, Trouble> {
        let (mut newest, mut from, mut looked_at) = (Vec::<Sample>::new(), None, 0);
        while newest.len() < self.settings.newest && looked_at < self.settings.newest * LOOKED_AT {
            let span = (from, Some(first.until.plus(1)));
            let page = self.page(subject, Direction::Backwards, span, &mut newest).await?;
            let Some((last, count)) = page else { break };
            (from, looked_at) = (Some(last), looked_at + count);
        }
        newest.truncate(self.settings.newest);
        if newest.len() < self.settings.least || first.samples.len() < self.settings.least {
            return Ok(None);
        }
        let known = subject.before.as_ref().map(|before| before.until);
        let new = newest.iter().filter(|sample| known.is_none_or(|known| known < sample.at)).count();
        let (subject, first) = (subject.clone(), Arc::clone(&first.samples));
        let (settings, features) = (self.settings, Arc::clone(&self.features));
        // Intervals take some tenths of a second of arithmetic.
        let figures = move || figures(&subject, &first, &newest, &settings, &features);
        Ok(tokio::task::spawn_blocking(figures).await?.map(|measured| (measured, new)))
    }

    /// Adds the samples of a page of decisions. Gives the last position and how many there were; nothing without any.
    async fn page(
        &self,
        subject: &Subject,
        direction: Direction,
        (from, until): (Option<Position>, Option<Position>),
        samples: &mut Vec<Sample>,
    ) -> Result<Option<(Position, usize)>, Trouble> {
        let filter = Filter { types: vec![EventType::known("decision.made")], ..Filter::default() };
        let events = self.log.read(&Query { filter, direction, from, until, limit: PAGE }).await?.events;
        let Some(last) = events.last().map(|last| last.position) else { return Ok(None) };
        let (mut positions, mut decisions) = (Vec::new(), Vec::with_capacity(events.len()));
        for recorded in &events {
            let own = |made: &Decision| made.inputs.model.as_ref() == Some(subject.scorer.hash());
            if let Some(decision) = decision_of(recorded)?.filter(own) {
                positions.push(recorded.position);
                decisions.push(decision);
            }
        }
        let outcomes = Outcomes::of(&*self.log, &decisions).await?;
        let columns = subject.scorer.columns();
        for (position, decision) in positions.into_iter().zip(&decisions) {
            let sample = |paired: &Paired<'_>| sample(position, paired, decision, &columns);
            samples.extend(outcomes.pairings(decision).iter().filter_map(sample));
        }
        Ok(Some((last, events.len())))
    }

    /// Whether figures are worth an event: a figure crossed its limit, or enough decisions are new.
    fn is_news(&self, subject: &Subject, measured: &Measured, new: usize) -> bool {
        let before = subject.before.as_ref();
        let enough = new as f64 >= self.settings.renewed * f64::from(measured.decisions);
        before.is_none() || enough || measured.crossings(before).next().is_some()
    }
}

fn sample(
    position: Position,
    paired: &Paired<'_>,
    decision: &Decision,
    columns: &BTreeSet<Column>,
) -> Option<Sample> {
    let own =
        |agent: usize| decision.inputs.agents.get(agent).is_some_and(|facts| facts.id == paired.agent.id);
    let score = paired.call.candidates.iter().find(|candidate| own(candidate.agent))?.score?;
    let cell = |column: &Column| match column {
        Column::Customer(at) => paired.call.features.get(*at),
        Column::Agent(at) => paired.agent.features.get(*at),
    };
    let cells = columns.iter().map(|column| cell(column).copied().unwrap_or(f32::NAN)).collect();
    Some(Sample { position, at: decision.inputs.at, score: score.into(), cells, sale: paired.sale })
}

/// Every figure of the newest, held against the first.
pub(super) fn figures(
    subject: &Subject,
    first: &[Sample],
    newest: &[Sample],
    settings: &DriftSettings,
    features: &Features,
) -> Option<Measured> {
    let scores = |samples: &[Sample]| samples.iter().map(|sample| sample.score).collect::<Vec<_>>();
    let scored = |samples: &[Sample]| samples.iter().map(|one| (one.score, one.sale)).collect::<Vec<_>>();
    let columns = columns(subject, first, newest, features);
    let newly = scored(newest);
    let area = auc(&newly).zip(auc_interval(&newly, RESAMPLES, SEED));
    let before = subject.auc.map(|known| known.value).or_else(|| auc(&scored(first)));
    let lost = area.as_ref().zip(before).map(|((_, interval), before)| (before - interval.high).max(0.0));
    let figures = [
        (
            DriftFigure::Scores,
            population_stability(&scores(first), &scores(newest), BINS),
            settings.scores_max,
        ),
        (DriftFigure::Columns, columns.first().map(|worst| worst.stability), settings.columns_max),
        (
            DriftFigure::Calibration,
            calibration_error(&newly, BINS).filter(|_| subject.foretells),
            settings.calibration_max,
        ),
        (DriftFigure::Ranking, lost, settings.ranking_max),
    ];
    let drifted: Vec<DriftFigure> = subject.before.iter().flat_map(Measured::drifted).collect();
    let reading = |(figure, value, limit): (DriftFigure, Option<f64>, f64)| {
        let value = value?;
        let beyond = value > if drifted.contains(&figure) { limit * WELL_AGAIN } else { limit };
        Some(Reading { figure, value, limit, beyond })
    };
    let count = |samples: &[Sample]| u32::try_from(samples.len()).unwrap_or(u32::MAX);
    Some(Measured {
        model: subject.scoring.model,
        cosine: subject.scoring.cosine,
        since: newest.iter().map(|sample| sample.at).min()?,
        until: newest.iter().map(|sample| sample.at).max()?,
        decisions: count(newest),
        compared_with: count(first),
        readings: figures.into_iter().filter_map(reading).collect(),
        columns: columns.into_iter().take(COLUMNS_TOLD).collect(),
        auc: area.map(|(value, interval)| within(value, &interval)),
    })
}

/// How far each column has moved that the model looks at, the furthest first.
fn columns(subject: &Subject, first: &[Sample], newest: &[Sample], features: &Features) -> Vec<ColumnDrift> {
    let cells = |samples: &[Sample], at: usize| {
        samples
            .iter()
            .map(|sample| sample.cells.get(at).copied().unwrap_or(f32::NAN).into())
            .collect::<Vec<_>>()
    };
    let name = |column: &Column| match column {
        Column::Customer(at) => Some(format!("customer.{}", features.customer.columns().get(*at)?)),
        Column::Agent(at) => Some(format!("agent.{}", features.agent.columns().get(*at)?)),
    };
    let drift = |(at, column): (usize, &Column)| {
        let stability = population_stability(&cells(first, at), &cells(newest, at), BINS)?;
        Some(ColumnDrift { column: name(column)?, stability })
    };
    let mut columns: Vec<ColumnDrift> =
        subject.scorer.columns().iter().enumerate().filter_map(drift).collect();
    columns.sort_by(|a, b| b.stability.total_cmp(&a.stability));
    columns
}
