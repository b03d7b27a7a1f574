//! The chance that a person answers, by the hour of the customer's week.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trunkline_kernel::CampaignId;

use crate::features::{Sample, Shrinkage};

/// An hour of a customer's day, on working days or at weekends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// Whether it is a Saturday or a Sunday.
    pub weekend: bool,
    /// The hour, 0 to 23.
    pub hour: u8,
}

/// How many dials of a campaign in a slot were answered by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The campaign.
    pub campaign: CampaignId,
    /// The slot.
    pub slot: Slot,
    /// Dials.
    pub dials: u64,
    /// Those of them that a person answered.
    pub answered: u64,
}

/// The chance that a person answers, as it was learned. Small samples are drawn twice: what is known of a slot in all
/// campaigns towards all slots, and what is known of it in one campaign towards that ([`Shrinkage`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnswerChances {
    by_slot: BTreeMap<Slot, f64>,
    by_campaign: BTreeMap<(CampaignId, Slot), f64>,
}

impl AnswerChances {
    /// From what was counted.
    pub fn learn(answers: &[Answers]) -> Self {
        let mut slots: BTreeMap<Slot, Vec<&Answers>> = BTreeMap::new();
        for counted in answers.iter().filter(|counted| counted.dials > 0) {
            slots.entry(counted.slot).or_default().push(counted);
        }
        let together = |counted: &[&Answers]| {
            let sum = |of: fn(&Answers) -> u64| counted.iter().map(|counted| of(counted)).sum();
            Sample::rate(sum(|counted| counted.answered), sum(|counted| counted.dials))
        };
        let samples: Vec<Sample> = slots.values().map(|counted| together(counted)).collect();
        let Some(over_slots) = Shrinkage::of(&samples) else { return Self::default() };
        let mut chances = Self::default();
        for (slot, counted) in &slots {
            let mean = over_slots.shrunk(together(counted));
            chances.by_slot.insert(*slot, mean);
            let own = |counted: &&Answers| Sample::rate(counted.answered, counted.dials);
            let of_campaigns: Vec<Sample> = counted.iter().map(own).collect();
            let Some(over_campaigns) = Shrinkage::of(&of_campaigns) else { continue };
            let drawn = Shrinkage { mean, ..over_campaigns };
            for (counted, sample) in counted.iter().zip(of_campaigns) {
                chances.by_campaign.insert((counted.campaign, *slot), drawn.shrunk(sample));
            }
        }
        chances
    }

    /// The chance in a slot; nothing where nobody was dialed in it.
    pub fn of(&self, campaign: CampaignId, slot: Slot) -> Option<f64> {
        self.by_campaign.get(&(campaign, slot)).or_else(|| self.by_slot.get(&slot)).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trunkline_kernel::Id as _;
    use uuid::Uuid;

    use super::*;

    fn campaign(number: u128) -> CampaignId {
        CampaignId::from_uuid(Uuid::from_u128(number))
    }

    fn slot(hour: u8) -> Slot {
        Slot { weekend: false, hour }
    }

    fn answers(number: u128, hour: u8, dials: u64, answered: u64) -> Answers {
        Answers { campaign: campaign(number), slot: slot(hour), dials, answered }
    }

    #[test]
    fn a_campaign_that_was_dialed_little_answers_as_others_do_at_that_hour() {
        let chances = AnswerChances::learn(&[
            answers(1, 10, 10_000, 1_000),
            answers(1, 19, 10_000, 4_000),
            answers(2, 19, 10_000, 6_000),
            answers(3, 19, 2, 0),
        ]);
        let of = |number, hour| chances.of(campaign(number), slot(hour)).unwrap();
        assert!(
            (of(1, 10) - 0.1).abs() < 0.01 && (of(1, 19) - 0.4).abs() < 0.01,
            "much was seen: {chances:?}"
        );
        assert!(of(3, 19) > 0.3, "two dials in vain prove little: {chances:?}");
        assert!(of(9, 19) > of(9, 10), "of an unknown campaign it is what all have");
        assert_eq!(chances.of(campaign(1), slot(3)), None, "nobody was dialed at three");
    }

    proptest! {
        #[test]
        fn a_chance_lies_between_the_least_and_the_most_that_was_seen(
            counted in prop::collection::vec((1_u128..4, 0_u8..24, 1_u64..200, 0_u64..=100), 1..40),
        ) {
            let mut cells: BTreeMap<(u128, u8), (u64, u64)> = BTreeMap::new();
            for (number, hour, dials, percent) in counted {
                let cell = cells.entry((number, hour)).or_default();
                cell.0 += dials;
                cell.1 += dials * percent / 100;
            }
            let all: Vec<Answers> = cells
                .iter()
                .map(|(&(number, hour), &(dials, answered))| answers(number, hour, dials, answered))
                .collect();
            let rates = all.iter().map(|seen| seen.answered as f64 / seen.dials as f64);
            let (least, most) = (rates.clone().fold(1.0, f64::min), rates.fold(0.0, f64::max));
            let chances = AnswerChances::learn(&all);
            for seen in &all {
                let chance = chances.of(seen.campaign, seen.slot).unwrap();
                prop_assert!(chance >= least - 1e-9 && chance <= most + 1e-9, "{chance} of {least} to {most}");
            }
        }
    }
}
