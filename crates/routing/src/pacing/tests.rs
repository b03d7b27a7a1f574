use trunkline_kernel::Millis;

use super::*;

fn secs(seconds: &[i64]) -> Vec<Millis> {
    seconds.iter().copied().map(Millis::from_secs).collect()
}

/// Three of ten dials are answered, after 4 to 13 seconds; the rest rings for 25.
fn rings() -> Durations {
    let mut rings = Durations::new(Millis(500), 240, 4_000, 0.0);
    for n in 0..1_000_i64 {
        if n % 10 < 3 {
            rings.observe(Millis(4_000 + (n * 37) % 9_000), true);
        } else {
            rings.observe(Millis::from_secs(25), false);
        }
    }
    rings
}

/// Exponential with a mean of 120 s, by its quantiles.
fn handling() -> Durations {
    let mut handling = Durations::new(Millis::from_secs(5), 360, 1_000, 10.0);
    for n in 0..1_000_i32 {
        let seconds = -120.0 * (1.0 - (f64::from(n) + 0.5) / 1_000.0).ln();
        #[expect(clippy::cast_possible_truncation, reason = "minutes in milliseconds")]
        handling.observe(Millis((seconds * 1_000.0) as i64), true);
    }
    handling
}

fn pacer(mode: Mode) -> Pacer {
    let mut pacer = Pacer::new(mode, Limits::default(), Ledger::default());
    (pacer.rings, pacer.handling) = (rings(), handling());
    pacer
}

#[test]
fn durations_know_the_chance_by_age() {
    let rings = rings();
    assert!((rings.chance(Millis::ZERO, Millis::from_secs(60)) - 0.3).abs() < 0.01);
    assert!(rings.chance(Millis::from_secs(14), Millis::from_secs(60)) < 1e-6, "after 13 s nobody answers");
    assert_eq!(rings.chance(Millis::ZERO, Millis::from_secs(3)), 0.0);
    // Of calls still unanswered after 8.5 s half of the answers are to come: 0.15 / (0.15 + 0.7).
    let late = rings.chance(Millis(8_500), Millis::from_secs(60));
    assert!((late - 0.15 / 0.85).abs() < 0.01, "{late}");
    let middle = rings.quantile(0.5);
    assert!((middle.0 - 8_500).abs() < 300, "{middle:?}");
}

#[test]
fn exponential_handling_has_no_memory() {
    let handling = handling();
    for age in [0, 60, 240] {
        let chance = handling.chance(Millis::from_secs(age), Millis::from_secs(30));
        assert!((chance - (1.0 - (-0.25_f64).exp())).abs() < 0.02, "{chance} at {age} s");
    }
}

#[test]
fn old_ends_are_forgotten() {
    let mut durations = Durations::new(Millis(500), 100, 200, 0.0);
    (0..200).for_each(|_| durations.observe(Millis::from_secs(5), true));
    (0..200).for_each(|_| durations.observe(Millis::from_secs(25), false));
    assert_eq!((durations.len(), durations.wanted()), (200, 0));
    assert!(durations.chance(Millis::ZERO, Millis::from_secs(40)) < 1e-9);
}

/// The chance by going through all outcomes of two ringing calls and two busy agents, at each look.
#[test]
fn the_risk_is_what_all_outcomes_add_up_to() {
    let (rings, handling) = (rings(), handling());
    let (ringing, busy) = (secs(&[2, 6]), secs(&[30, 100]));
    let grace = Millis::from_secs(2);
    for (free, waiting) in [(0_usize, 0_usize), (1, 0), (2, 1), (0, 1)] {
        let situation = Situation { free, busy: &busy, ringing: &ringing, waiting };
        let risk = Forecast::new(&situation, &rings, &handling, grace).risk();
        let mut exact = 0.0;
        for share in [0.1, 0.3, 0.5, 0.7, 0.9] {
            let ahead = rings.quantile(share);
            for outcome in 0..16_u32 {
                let mut chance = 1.0;
                let (mut answers, mut agents) = (0, free);
                for bit in 0..4 {
                    let p = match bit {
                        0 | 1 => rings.chance(ringing[bit], ahead),
                        _ => handling.chance(busy[bit - 2], Millis(ahead.0 + 2_000)),
                    };
                    let happens = outcome >> bit & 1 == 1;
                    chance *= if happens { p } else { 1.0 - p };
                    if happens && bit < 2 {
                        answers += 1
                    } else if happens {
                        agents += 1
                    }
                }
                if waiting + answers >= agents {
                    exact += chance / 5.0;
                }
            }
        }
        assert!((risk - exact).abs() < 1e-12, "{risk} and {exact} with {free} free");
    }
}

#[test]
fn preview_and_progressive_have_one_call_for_each_free_agent() {
    let (ringing, busy) = (secs(&[3]), secs(&[10, 20]));
    for mode in [Mode::Preview, Mode::Progressive] {
        let pace = pacer(mode).pace(&Situation { free: 4, busy: &busy, ringing: &ringing, waiting: 1 });
        assert_eq!((pace.dial, pace.why), (2, Why::Mode));
    }
}

#[test]
fn predictive_dials_more_the_more_agents_are_free_and_nothing_when_none_will_be() {
    let pacer = pacer(Mode::Predictive);
    let busy = secs(&[5; 50]);
    let dial = |free, busy: &[Millis]| pacer.pace(&Situation { free, busy, ringing: &[], waiting: 0 });
    let (few, many) = (dial(2, &busy), dial(10, &busy));
    assert!(few.dial > 2 && many.dial > few.dial + 8, "{few:?} {many:?}");
    assert!(many.risk <= many.threshold && many.why == Why::Forecast);
    assert_eq!(dial(0, &secs(&[5])).dial, 0, "one busy agent is no reason to dial");
    let waiting = Situation { free: 0, busy: &busy, ringing: &secs(&[5; 40]), waiting: 3 };
    assert_eq!(pacer.pace(&waiting).dial, 0);
}

#[test]
fn it_falls_back_to_progressive_when_it_is_not_sure_or_not_allowed() {
    let situation = Situation { free: 3, busy: &[], ringing: &[], waiting: 0 };
    let fresh = Pacer::new(Mode::Predictive, Limits::default(), Ledger::default());
    assert_eq!((fresh.pace(&situation).dial, fresh.pace(&situation).why), (3, Why::Unsure));
    let mut strict = pacer(Mode::Predictive);
    strict.limits.abandonment_max = 0.0;
    assert_eq!((strict.pace(&situation).dial, strict.pace(&situation).why), (3, Why::Bound));
    let mut over = pacer(Mode::Predictive);
    over.ledger = Ledger { answered: 100, abandoned: 4, passed: 96, machines: 0 };
    assert_eq!((over.pace(&situation).dial, over.pace(&situation).why), (3, Why::Bound));
}

#[test]
fn abandoned_calls_lower_the_threshold_and_forecasts_that_held_raise_it() {
    let mut pacer = pacer(Mode::Predictive);
    (pacer.ledger.answered, pacer.ledger.passed) = (1_000, 1_000);
    let start = pacer.threshold;
    pacer.received(Reception::Abandoned);
    assert!(pacer.threshold < start);
    // At the aim of 2.7 % one abandoned call is made good by 36 that were taken.
    (0..36).for_each(|_| pacer.received(Reception::Passed));
    assert!((pacer.threshold - start).abs() / start < 0.01, "{}", pacer.threshold);
    (0..1_000).for_each(|_| pacer.received(Reception::Abandoned));
    assert!(pacer.threshold >= 0.002);
    // Above the bound dialing is careful, and what it does not abandon is no reason to grow bold.
    let low = pacer.threshold;
    pacer.received(Reception::Passed);
    assert!(pacer.above_bound() && pacer.threshold <= low);
}

#[test]
fn the_upper_bound_is_wilsons() {
    // One-sided 95 % for 6 of 200, by the formula in another program.
    let share = Share { abandoned: 6.0, of: 200.0 };
    assert!((share.rate() - 0.03).abs() < 1e-12);
    assert!((share.upper() - 0.056_955).abs() < 1e-5, "{}", share.upper());
    assert_eq!(Share::default().upper(), 1.0);
}
