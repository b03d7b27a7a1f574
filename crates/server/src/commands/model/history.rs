//! What happened to models.

use trunkline_domain::model::{self, Estimate, Evaluation, Event, ModelFile, Models};
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
            let (hash, trees, objective) = (said.model.hash, said.trees, said.objective);
            say(&format!("{hash}  {state:<9}  {trees:>5} trees  {objective:<16}  imported {at}"));
        }
        Ok(())
    }

    pub(super) async fn show(&self, model: ModelFile) -> anyhow::Result<()> {
        say(&format!("model {}", model.hash));
        say(&format!(
            "features: version {} of customers', {} of agents'",
            model.features.customer, model.features.agent
        ));
        self.each(|recorded, event| {
            let at = recorded.event.occurred_at;
            match event {
                Event::Imported(said) if said.model.hash == model.hash => say(&format!(
                    "{at}  imported: {} trees over {} features, {}, {} bytes",
                    said.trees, said.columns, said.objective, said.bytes
                )),
                Event::Evaluated(said) if said.model.hash == model.hash => {
                    say(&format!("{at}  evaluated:"));
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
                Event::Imported(_) | Event::Evaluated(_) | Event::Activated(_) | Event::RolledBack(_) => {}
            }
        })
        .await
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
