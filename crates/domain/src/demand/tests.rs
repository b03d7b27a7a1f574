use super::*;
use crate::testing::given;

fn shifted(amount: f64) -> Shifted {
    Shifted { column: "industry=零售".to_owned(), amount, per_hour: 90.0, usual_per_hour: 30.0 }
}

fn shift(amount: f64) -> Command {
    Command::Shift(shifted(amount))
}

#[test]
fn a_change_is_noted_once_and_only_within_bounds() {
    let raised = given::<Demand>([]).when(shift(0.1)).then([shifted(0.1).into()]);
    raised.when(shift(0.1)).then([]);
    let calm = raised.when(shift(0.0)).then([shifted(0.0).into()]);
    calm.when(shift(0.0)).then([]);
    for amount in [-0.1, 1.1, f64::NAN] {
        calm.when(shift(amount)).then_refused_at("DEMAND_OUT_OF_BOUNDS", "amount");
    }
    let unnamed = Command::Shift(Shifted { column: " ".to_owned(), ..shifted(0.1) });
    calm.when(unnamed).then_refused_at("INPUT_EMPTY", "column");
}
