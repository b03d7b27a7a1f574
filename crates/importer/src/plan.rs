//! From a row to the steps that it leads to.

use std::collections::BTreeMap;

use trunkline_kernel::Timestamp;

use crate::args::Args;
use crate::command::Deed;
use crate::mapping::{Fitted, StepRule};
use crate::reader::{BadRow, Row};
use crate::template::Slot;
use crate::value::{Evaluation, Values, excerpt};

/// Columns whose kept text is longer are refused, so that one row cannot make a giant event.
const KEPT_BYTES_MAX: usize = 4 * 1_024;

/// One command of one row, ready to be run.
#[derive(Debug)]
pub(crate) struct Step {
    /// When it happened.
    pub(crate) at: Timestamp,
    /// Whether the thing comes into being with it.
    pub(crate) creates: bool,
    /// What is asked of which thing.
    pub(crate) deed: Deed,
}

/// A row with all that it leads to.
#[derive(Debug)]
pub(crate) struct PlannedRow {
    pub(crate) line: u64,
    pub(crate) steps: Vec<Step>,
}

impl Fitted {
    /// What a row leads to. Nothing is asked of anybody yet.
    pub(crate) fn plan(&mut self, row: &Row) -> Result<PlannedRow, BadRow> {
        let line = row.line;
        let bad = |reason: String| BadRow { line, reason };
        if row.fields.len() != self.columns {
            let reason =
                format!("the row has {} fields, the file has {} columns", row.fields.len(), self.columns);
            return Err(bad(reason));
        }
        let Self { values, steps: rules, namespace, columns: _ } = self;
        let mut evaluation = Values::evaluate(values, row);
        let mut steps = Vec::with_capacity(rules.len());
        for (at, rule) in rules.iter().enumerate() {
            let step = plan(rule, &mut evaluation, *namespace)
                .map_err(|reason| bad(format!("step {} ({}): {reason}", at + 1, rule.vocable.name)))?;
            steps.extend(step);
        }
        if steps.is_empty() {
            return Err(bad("no step of the mapping applies to the row".to_owned()));
        }
        Ok(PlannedRow { line, steps })
    }
}

fn plan(
    rule: &StepRule,
    values: &mut Evaluation<'_>,
    namespace: crate::ids::Namespace,
) -> Result<Option<Step>, String> {
    for condition in &rule.when {
        if !condition.holds(&values.fill(&condition.left)?) {
            return Ok(None);
        }
    }
    let id = values.fill(&rule.id)?;
    if id.is_empty() {
        return Err("`id` is empty".to_owned());
    }
    let at = values.fill(&rule.at)?;
    let at: Timestamp = at
        .parse()
        .map_err(|_| format!("`at` is {}, not a time; a value of kind `time` makes one", excerpt(&at)))?;
    let mut fields = BTreeMap::new();
    for (name, template) in &rule.with {
        let text = values.fill(template)?;
        if !text.is_empty() {
            fields.insert(*name, text);
        }
    }
    let mut kept = BTreeMap::new();
    for (name, slot) in &rule.keep {
        let text = values.slot_text(*slot)?;
        if text.len() > KEPT_BYTES_MAX {
            return Err(format!("column {name:?} has {} bytes, more than {KEPT_BYTES_MAX}", text.len()));
        }
        if !text.is_empty() {
            kept.insert(name.clone(), text);
        }
    }
    let deed = Deed::of(rule.vocable.name, &id, &Args { namespace, fields, kept })?;
    Ok(Some(Step { at, creates: rule.vocable.creates, deed }))
}

impl Evaluation<'_> {
    fn slot_text(&mut self, slot: Slot) -> Result<String, String> {
        let mut text = String::new();
        self.slot(slot, &mut text)?;
        Ok(text)
    }
}
