//! Models held against decisions that were logged.

use anyhow::Context as _;
use trunkline_domain::model::{Command, Evaluation, Scoring};
use trunkline_pool::models::{Judge, Noted, Outcomes, decisions, shadowed};
use trunkline_routing::score::Scorer;

use super::history::table;
use super::{Desk, Span, blended};
use crate::say;

/// From when on a population stability index means another population, by custom.
const DRIFT: f64 = 0.25;
/// How many digits of a hash a table shows.
const DIGITS: usize = 12;

impl Desk<'_> {
    pub(super) async fn evaluate(&self, scoring: Scoring, span: &Span) -> anyhow::Result<()> {
        let [evaluation] = self.judge([scoring], span, false).await?;
        let (model, cosine) = (scoring.model.hash, scoring.cosine);
        say(&format!("model {model}{}", blended(cosine)));
        say(&table(&[("", &evaluation)]));
        warn(&evaluation);
        self.command(Command::Evaluate { model, cosine, evaluation }).await
    }

    pub(super) async fn compare(
        &self,
        one: Scoring,
        other: Scoring,
        span: &Span,
        recorded: bool,
    ) -> anyhow::Result<()> {
        let [first, second] = self.judge([one, other], span, recorded).await?;
        let names = [one, other].map(|scoring| {
            let digits: String = scoring.model.hash.to_string().chars().take(DIGITS).collect();
            scoring.cosine.map_or(digits.clone(), |share| format!("{digits}+cosine={share}"))
        });
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

    /// How they did on the same decisions; with `recorded`, on those alone of which it was noted what they said.
    async fn judge<const N: usize>(
        &self,
        all: [Scoring; N],
        span: &Span,
        recorded: bool,
    ) -> anyhow::Result<[Evaluation; N]> {
        let (since, until) = span.ends();
        let (from, to) = (self.log.position_at(since).await?, self.log.position_at(until).await?);
        let mut parts = Vec::with_capacity(N);
        for scoring in all {
            let loaded = self.files.scorer(scoring).await;
            let scorer = loaded.with_context(|| format!("model {} cannot be used", scoring.model.hash))?;
            // Beside another, models score alone.
            let noted = match scoring.cosine {
                None => shadowed(self.log, from, scoring.model.hash).await?,
                Some(_) => Noted::new(),
            };
            parts.push((scorer, noted));
        }
        let outcomes = Outcomes::read(self.log, from).await?;
        let judge = |(scorer, noted)| {
            let judge = Judge::new(scorer, noted, &outcomes);
            if recorded { judge.noted_only() } else { judge }
        };
        let parts = parts.iter().map(|(scorer, noted)| (&**scorer as &dyn Scorer, noted));
        let mut judges: Vec<Judge<'_>> = parts.map(judge).collect();
        decisions(self.log, from, to, |id, decision| {
            // Both are judged by the same decisions.
            if !recorded || judges.iter().all(|judge| judge.has_note(id, decision)) {
                judges.iter_mut().for_each(|judge| judge.take(id, decision));
            }
        })
        .await?;
        let noted: Vec<String> = judges.iter().map(|judge| judge.by_note().to_string()).collect();
        say(&format!("judged by what was noted when they were made: {} decisions", noted.join(" and ")));
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
