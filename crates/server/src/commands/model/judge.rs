//! Models held against decisions that were logged.

use anyhow::Context as _;
use trunkline_domain::model::{Command, Evaluation, ModelFile};
use trunkline_pool::models::{Judge, Outcomes, decisions};

use super::history::table;
use super::{Desk, Span};
use crate::say;

/// From when on a population stability index means another population, by custom.
const DRIFT: f64 = 0.25;
/// How many digits of a hash a table shows.
const DIGITS: usize = 12;

impl Desk<'_> {
    pub(super) async fn evaluate(&self, model: ModelFile, span: &Span) -> anyhow::Result<()> {
        let [evaluation] = self.judge([model], span).await?;
        say(&format!("model {}", model.hash));
        say(&table(&[("", &evaluation)]));
        warn(&evaluation);
        self.command(Command::Evaluate { model: model.hash, evaluation }).await
    }

    pub(super) async fn compare(&self, one: ModelFile, other: ModelFile, span: &Span) -> anyhow::Result<()> {
        let [first, second] = self.judge([one, other], span).await?;
        let names = [one, other].map(|model| model.hash.to_string().chars().take(DIGITS).collect::<String>());
        say(&table(&[(&names[0], &first), (&names[1], &second)]));
        let verdict = match (first.self_normalised, second.self_normalised) {
            (Some(a), Some(b)) if a.low > b.high => format!("{} is better", names[0]),
            (Some(a), Some(b)) if b.low > a.high => format!("{} is better", names[1]),
            (Some(_), Some(_)) => "the intervals meet: neither is shown to be better".to_owned(),
            (_, None) | (None, _) => "too few decisions with an outcome to say anything".to_owned(),
        };
        say(&verdict);
        Ok(())
    }

    /// How models did on the same decisions.
    async fn judge<const N: usize>(
        &self,
        models: [ModelFile; N],
        span: &Span,
    ) -> anyhow::Result<[Evaluation; N]> {
        let (since, until) = span.ends();
        let (from, to) = (self.log.position_at(since).await?, self.log.position_at(until).await?);
        let mut scorers = Vec::with_capacity(N);
        for model in models {
            let loaded = self.files.load(model).await;
            scorers.push(loaded.with_context(|| format!("model {} cannot be used", model.hash))?);
        }
        let outcomes = Outcomes::read(self.log, from).await?;
        let mut judges: Vec<Judge<'_>> =
            scorers.iter().map(|scorer| Judge::new(&**scorer, &outcomes)).collect();
        decisions(self.log, from, to, |_, decision| judges.iter_mut().for_each(|judge| judge.take(decision)))
            .await?;
        let evaluations: Vec<Evaluation> =
            judges.iter().map(|judge| judge.evaluation(since, until)).collect();
        evaluations.try_into().map_err(|_| anyhow::anyhow!("as many evaluations as models"))
    }
}

/// Says so when the model meets another world than it did.
fn warn(evaluation: &Evaluation) {
    if let Some(index) = evaluation.stability.filter(|index| *index > DRIFT) {
        say(&format!(
            "drift: the scores of the later half are of another population (index {index:.2}, above {DRIFT}); train again"
        ));
    }
}
