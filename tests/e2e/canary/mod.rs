//! The canary: personal values that occur nowhere else are planted in every way in, everything is done with them that can be
//! done, and then every place is searched in which they must not be.
//!
//! Allowed are sealed storage, where they cannot be found, and answers to those who may see them.

mod house;
mod scenes;
pub(crate) mod search;
mod telephony;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use trunkline_testkit::Postgres;

use house::House;
use search::Planted;

pub(crate) const NAME: &str = "欧阳卡娜";
pub(crate) const OTHER_NAME: &str = "Zebediah Quokkamore";
pub(crate) const AGENT_NAME: &str = "司徒晚晴柔";
pub(crate) const PHONE: &str = "+8613912340987";
pub(crate) const OTHER_PHONE: &str = "+8613987650432";
/// A number that is dialed, of a country whose time zones nobody told us.
pub(crate) const DIALED: &str = "+5511961230987";
pub(crate) const EMAIL: &str = "zebediah.quokka@canary-mail.example";
pub(crate) const NOTE: &str = "owes money to the green parrot in Hangzhou";
pub(crate) const SAID: &str = "my card number is seven three one nine, please";

/// Everything planted, and the parts by which somebody would be known as well.
const SECRETS: [&str; 14] = [
    NAME,
    OTHER_NAME,
    "zebediah quokkamore",
    AGENT_NAME,
    PHONE,
    "13912340987",
    OTHER_PHONE,
    "13987650432",
    DIALED,
    "11961230987",
    EMAIL,
    "zebediah.quokka",
    "green parrot",
    "seven three one nine",
];

#[tokio::test]
async fn planted_values_are_found_in_no_log_metric_error_file_or_outside_system() -> Result<()> {
    found_nowhere(None).await
}

#[tokio::test]
async fn planted_values_are_found_in_no_table_of_postgresql() -> Result<()> {
    found_nowhere(Some(Postgres::shared()?.fresh_database()?)).await
}

async fn found_nowhere(database: Option<String>) -> Result<()> {
    let house = House::build(database).await?;
    let planted = Planted::new(&SECRETS)?;
    let mut told = scenes::Told::default();
    let customer = scenes::life(&house, &mut told).await?;
    telephony::dialed(&house).await?;
    scenes::clumsy(&house, &mut told).await?;
    scenes::strangers(&house, &mut told, &customer).await?;
    // While everything is there: nothing stored tells, and whoever may see it is told.
    let seen = house
        .manager
        .run("query($id: ID!) { customer(id: $id) { name } }", json!({ "id": customer }))
        .await?;
    assert_eq!(seen["customer"]["name"], NAME, "a canary that cannot be seen proves nothing");
    told.note("/metrics", house.administrator.page("/metrics").await?);
    told.note("/readyz", house.administrator.page("/readyz").await?);
    told.note("/healthz", house.administrator.page("/healthz").await?);
    house.everything_has_left().await?;
    ensure!(planted.below(&house.data())?.is_empty(), "{:#?}", planted.below(&house.data())?);
    house.dump("known.sql")?;
    scenes::forgotten(&house, &customer).await?;
    house.everything_has_left().await?;
    house.dump("forgotten.sql")?;
    let (lines, outside, redis, folder) = house.close().await?;
    scenes::command_line(&folder, &mut told, &customer).await?;

    let mut leaks = Vec::new();
    leaks.extend(planted.lines(&lines).into_iter().map(|line| format!("a log line: {line}")));
    // Whom to dial nobody can be told otherwise than in the clear; nothing else is.
    let not_the_switch = outside.iter().filter(|(place, _)| place != "switch");
    for (place, text) in told.all().iter().chain(not_the_switch) {
        leaks.extend(planted.lines(text).into_iter().map(|line| format!("{place}: {line}")));
    }
    let keys = planted.within(&redis);
    leaks.extend(keys.iter().map(|secret| format!("Redis tells {secret}")));
    leaks.extend(planted.below(&folder.path().join("data"))?);
    leaks.extend(planted.below(&folder.path().join("made"))?);
    ensure!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    // What was searched was there.
    ensure!(lines.contains("TRACE") && lines.lines().count() > 1_000, "{} lines", lines.lines().count());
    for place in ["webhook", "search", "heads"] {
        let text = outside.iter().find(|(name, _)| name == place).context("no such place")?;
        ensure!(!text.1.is_empty(), "nothing reached {place}");
    }
    ensure!(!redis.is_empty(), "nothing is in Redis");
    Ok(())
}
