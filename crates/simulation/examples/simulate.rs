//! Runs scenarios and prints their tables: `cargo run -p trunkline-simulation --example simulate -- SCENARIO.toml [SVG]`.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;
use std::path::Path;

use trunkline_simulation::{Scenario, simulate};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let scenario = arguments.next().ok_or("give the path of a scenario, and of an SVG to write")?;
    let report = simulate(&Scenario::parse(&std::fs::read_to_string(Path::new(&scenario))?)?)?;
    println!("{}", report.table());
    if let Some(picture) = arguments.next() {
        std::fs::write(picture, report.svg())?;
    }
    Ok(())
}
