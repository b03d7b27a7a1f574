//! What came of a scenario: a table and a plot.

use std::fmt::Write as _;

use serde::Serialize;

use crate::dialing::Day;
use crate::estimate::Estimate;
use crate::plot;
use crate::queue::{Queue, QueueDay};
use crate::scenario::Compare;

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// The first seed.
    pub seed: u64,
    /// How many runs.
    pub runs: u32,
    /// A row for each world.
    pub rows: Vec<Row>,
    /// What the scenario compares.
    pub ratios: Vec<Ratio>,
}

/// A figure of one world divided by that of another under the same seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// What is compared.
    pub of: Compare,
    /// The mean of the ratios of the runs.
    pub ratio: Estimate,
}

/// The figures of one world.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The world.
    pub world: String,
    /// The figures.
    pub figures: Vec<Figure>,
}

/// One figure of one world.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What it is called.
    pub name: String,
    /// Its value in each run, in the order of the seeds.
    pub runs: Vec<f64>,
    /// Their mean and interval.
    pub estimate: Estimate,
}

/// A figure's name, and how it is read from a run.
type Named<'a, D> = (&'a str, &'a dyn Fn(&D) -> f64);

impl Row {
    fn new<D>(world: &str, days: &[D], figures: &[Named<'_, D>]) -> Self {
        let figures = figures.iter().filter_map(|(name, of)| {
            let runs: Vec<f64> = days.iter().map(of).collect();
            Some(Figure { name: (*name).to_owned(), estimate: Estimate::of(&runs)?, runs })
        });
        Self { world: world.to_owned(), figures: figures.collect() }
    }

    pub(crate) fn of_queue(world: &str, queue: &Queue, days: &[QueueDay]) -> Self {
        let mut row = Self::new(
            world,
            days,
            &[
                ("P(wait)", &QueueDay::wait_share),
                ("E(W) s", &QueueDay::mean_wait_s),
                ("P(ab)", &QueueDay::left_share),
                ("occupancy", &|day| day.occupancy),
            ],
        );
        if queue.truth.is_some() {
            let matched = Self::new(
                world,
                days,
                &[
                    ("conversion", &QueueDay::conversion),
                    ("regret", &|day| day.regret / (day.arrived - day.left) as f64),
                    ("occupancy spread", &|day| day.occupancy_spread),
                ],
            );
            row.figures.extend(matched.figures);
        }
        row
    }

    pub(crate) fn of_dialing(world: &str, days: &[Day]) -> Self {
        Self::new(
            world,
            days,
            &[
                ("connected/agent-day", &Day::connected_per_agent_day),
                ("occupancy", &|day| day.occupancy),
                ("abandoned", &Day::abandonment),
                ("abandoned, upper 95 %", &|day| day.abandonment_upper),
                ("dials/agent-hour", &|day| day.dials as f64 / day.agent_hours),
                ("answered/dial", &|day| day.answered as f64 / day.dials.max(1) as f64),
                ("wasted/dial", &Day::wasted_share),
                ("wasted/connected", &|day| day.wasted.all() as f64 / day.connected.max(1) as f64),
            ],
        )
    }

    fn find(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }

    /// The figure of that name.
    pub fn figure(&self, name: &str) -> Option<Estimate> {
        self.find(name).map(|figure| figure.estimate)
    }
}

impl Report {
    /// The row of that world.
    pub fn row(&self, world: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.world == world)
    }

    /// A Markdown table: means with the reach of their 95 % intervals.
    pub fn table(&self) -> String {
        let names = self.figure_names();
        let mut text = format!("{}: {} runs from seed {}\n\n| world |", self.name, self.runs, self.seed);
        names.iter().for_each(|name| text.push_str(&format!(" {name} |")));
        text.push_str("\n|---|");
        names.iter().for_each(|_| text.push_str("---|"));
        for row in &self.rows {
            let _ = write!(text, "\n| {} |", row.world);
            for name in &names {
                let cell = row.figure(name).map_or(String::new(), |estimate| {
                    let digits = if estimate.mean.abs() >= 10.0 { 2 } else { 4 };
                    format!("{:.digits$} ± {:.digits$}", estimate.mean, estimate.reach)
                });
                let _ = write!(text, " {cell} |");
            }
        }
        text.push('\n');
        for Ratio { of: Compare { figure, world, to }, ratio } in &self.ratios {
            let percent = |ratio: f64| 100.0 * (ratio - 1.0);
            let (mean, low, high) = (percent(ratio.mean), percent(ratio.low()), percent(ratio.high()));
            let _ = write!(text, "\n{figure}, {world} against {to}: {mean:+.1} % ({low:+.1} to {high:+.1})");
        }
        text.push('\n');
        text
    }

    /// The figures of all rows, each once.
    pub(crate) fn figure_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for figure in self.rows.iter().flat_map(|row| &row.figures) {
            if !names.contains(&figure.name.as_str()) {
                names.push(&figure.name);
            }
        }
        names
    }

    /// With these comparisons; gives what is wrong with one that cannot be made.
    pub(crate) fn with_ratios(mut self, comparisons: &[Compare]) -> Result<Self, String> {
        for of in comparisons {
            let runs = |world: &str| {
                let row = self.row(world).ok_or(format!("no world is called {world:?}"))?;
                let figure = row.find(&of.figure).ok_or(format!("{world} has no figure {:?}", of.figure))?;
                Ok::<_, String>(figure.runs.clone())
            };
            let (these, those) = (runs(&of.world)?, runs(&of.to)?);
            let ratios: Vec<f64> = these.iter().zip(those).map(|(this, that)| this / that).collect();
            let ratio = Estimate::of(&ratios).ok_or("there are no runs")?;
            self.ratios.push(Ratio { of: of.clone(), ratio });
        }
        Ok(self)
    }

    /// The figures as bars with their intervals, one panel for each figure.
    pub fn svg(&self) -> String {
        plot::svg(self)
    }
}
