//! What happened to models.

use trunkline_domain::model::{
    self, Estimate, Evaluation, Event, Measured, ModelFile, Models, Reading, Scoring,
};
use trunkline_kernel::{Aggregate as _, Recorded, State as _, StreamId, Version};

use super::{Desk, blended};
use crate::say;

/// How many events are read at once.
const PAGE: usize = 500;

impl Desk<'_> {
    /// The models as they are now.
    pub(super) async fn models(&self) -> anyhow::Result<Models> {
        let mut models = Models::default();
        self.each(|recorded, event| models.evolve(recorded.event.occurred_at, event)).await?;
        Ok(models)
    }

    pub(super) async fn list(&self) -> anyhow::Result<()> {
        let mut imported = Vec::new();
        self.each(|recorded, event| {
            if let Event::Imported(said) = event {
                imported.push((recorded.event.occurred_at, said.clone()));
            }
        })
        .await?;
        let models = self.models().await?;
        if imported.is_empty() {
            say("no model was imported; cosine similarity scores");
        }
        for (at, said) in imported {
            let state = models.find(said.model.hash).map_or("", |(state, _)| state.name());
            let beside = models.shadows().any(|shadow| shadow.hash == said.model.hash);
            let beside = if beside { "  scores beside" } else { "" };
            let (hash, trees, objective) = (said.model.hash, said.trees, said.objective);
            let name = said.name.map_or_else(String::new, |name| format!("  {name}"));
            say(&format!(
                "{hash}  {state:<9}  {trees:>5} trees  {objective:<16}  imported {at}{name}{beside}"
            ));
        }
        Ok(())
    }

    pub(super) async fn status(&self) -> anyhow::Result<()> {
        let models = self.models().await?;
        match models.active() {
            Some(Scoring { model, cosine }) => {
                say(&format!("model {} scores{}", model.hash, blended(cosine)))
            }
            None => say("no model scores; cosine similarity does"),
        }
        models.shadows().for_each(|shadow| say(&format!("model {} scores beside it", shadow.hash)));
        match models.measured() {
            Some(measured) => drift(measured),
            None if models.active().is_some() => {
                say("it was not measured yet: that takes decisions with an outcome (`models.drift_least`)");
            }
            None => {}
        }
        Ok(())
    }

    pub(super) async fn show(&self, model: ModelFile) -> anyhow::Result<()> {
        say(&format!("model {}", model.hash));
        say(&format!(
            "features: version {} of customers', {} of agents'",
            model.features.customer, model.features.agent
        ));
        let mut measured = None;
        self.each(|recorded, event| {
            let at = recorded.event.occurred_at;
            match event {
                Event::Imported(said) if said.model.hash == model.hash => say(&format!(
                    "{at}  imported: {} trees over {} features, {}, {} bytes",
                    said.trees, said.columns, said.objective, said.bytes
                )),
                Event::Evaluated(said) if said.model.hash == model.hash => {
                    say(&format!("{at}  evaluated{}:", blended(said.cosine)));
                    say(&table(&[("", &said.evaluation)]));
                }
                Event::Activated(said) if said.model.hash == model.hash => {
                    say(&format!("{at}  activated{}: {}", blended(said.cosine), said.reason));
                }
                Event::Activated(said) if said.replaced == Some(model.hash) => {
                    say(&format!("{at}  replaced by {}: {}", said.model.hash, said.reason));
                }
                Event::RolledBack(said) if said.model.hash == model.hash => {
                    say(&format!("{at}  rolled back: {}", said.reason));
                }
                Event::RolledBack(said) if said.restored == Some(model.hash) => {
                    say(&format!("{at}  restored, {} was rolled back: {}", said.model.hash, said.reason));
                }
                Event::Measured(said) if said.model.hash == model.hash => measured = Some(said.clone()),
                Event::Shadowed(said) if said.model.hash == model.hash => {
                    say(&format!("{at}  scores beside: {}", said.reason));
                }
                Event::Unshadowed(said) if said.model.hash == model.hash => {
                    say(&format!("{at}  scores beside no more: {}", said.reason));
                }
                Event::Imported(_)
                | Event::Evaluated(_)
                | Event::Activated(_)
                | Event::RolledBack(_)
                | Event::Measured(_)
                | Event::Shadowed(_)
                | Event::Unshadowed(_) => {}
            }
        })
        .await?;
        measured.iter().for_each(drift);
        Ok(())
    }

    async fn each(&self, mut of: impl FnMut(&Recorded, &Event)) -> anyhow::Result<()> {
        let (stream, mut after) = (StreamId::of(model::of_routing()), Version::EMPTY);
        loop {
            let page = self.log.read_stream(&stream, after, PAGE).await?;
            for recorded in &page {
                for event in trunkline_domain::decode_as::<Event>(recorded)? {
                    of(recorded, &event);
                }
                after = recorded.version;
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }
}

/// How a model does against its first decisions.
fn drift(measured: &Measured) {
    let Measured { since, until, decisions, compared_with, readings, columns, auc, .. } = measured;
    say(&format!("{decisions} decisions from {since} to {until}, against its first {compared_with}:"));
    for Reading { figure, value, limit, beyond } in readings {
        let said = if *beyond { "  DRIFTED" } else { "" };
        say(&format!(
            "  {:<12}{value:>8.3}   up to {limit:.3}{said}   {}",
            figure.as_str(),
            figure.meaning()
        ));
    }
    if let Some(Estimate { value, low, high }) = auc {
        say(&format!("  AUC {value:.3} ({low:.3} to {high:.3})"));
    }
    for column in columns {
        say(&format!("  column {}: {:.3}", column.column, column.stability));
    }
}

/// Evaluations side by side, a figure a line.
pub(super) fn table(evaluations: &[(&str, &Evaluation)]) -> String {
    let plain = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
    let within = |value: Option<Estimate>| {
        let told = |of: Estimate| format!("{:.4} ({:.4} to {:.4})", of.value, of.low, of.high);
        value.map_or_else(|| "-".to_owned(), told)
    };
    let row = |name: &str, of: &dyn Fn(&Evaluation) -> String| {
        let cells: Vec<String> = evaluations.iter().map(|(_, each)| format!("{:>28}", of(each))).collect();
        format!("  {name:<34}{}", cells.concat())
    };
    let heads: Vec<String> = evaluations.iter().map(|(name, _)| format!("{name:>28}")).collect();
    let mut rows = vec![format!("  {:<34}{}", "", heads.concat())];
    rows.retain(|row| !row.trim().is_empty());
    rows.extend([
        row("decisions with an outcome", &|of| of.decisions.to_string()),
        row("left out", &|of| of.left_out.to_string()),
        row("share of sales as it was", &|of| plain(Some(of.logged))),
        row("had it decided, self-normalised", &|of| within(of.self_normalised)),
        row("had it decided, doubly robust", &|of| within(of.doubly_robust)),
        row("effective decisions", &|of| plain(of.effective)),
        row("AUC", &|of| within(of.auc)),
        row("calibration error", &|of| plain(of.calibration_error)),
        row("population stability index", &|of| plain(of.stability)),
    ]);
    rows.join("\n")
}
