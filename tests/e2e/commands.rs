//! The command line: every command does what its help says, and says what is wrong with what it is given.

use anyhow::Result;
use serde_json::Value;

use crate::binary::{exported, run};

/// A log with two customers in it, in the order of the file.
async fn small_log() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let mapping = "[source]\nnamespace = \"e2e\"\n[[step]]\ndo = \"customer.register\"\nid = \"{no}\"\n\
                   at = \"2026-01-05T10:00:00Z\"\nwith = { industry = \"{industry}\" }\n";
    std::fs::write(folder.path().join("m.toml"), mapping)?;
    std::fs::write(folder.path().join("d.csv"), "no,industry\n1,retail\n2,health\n")?;
    std::fs::write(folder.path().join("c.toml"), "[import]\nrows_in_flight_max = 1\n")?;
    run(folder.path(), &["--config", "c.toml", "import", "--mapping", "m.toml", "d.csv"]).await?.success()?;
    Ok(folder)
}

/// The commands that a help text lists; what it says of them goes on further to the right.
fn listed(help: &str) -> Vec<String> {
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = commands.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let names = lines.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[tokio::test]
async fn the_help_of_every_command_shows_an_example() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut waiting, mut seen, mut silent) = (vec![Vec::<String>::new()], 0, Vec::new());
    while let Some(command) = waiting.pop() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let help = run(folder.path(), &[&words[..], &["--help"]].concat()).await?.success()?;
        let below = listed(&help);
        let teaches = help.contains("Example") || help.contains("Start here") || !below.is_empty();
        if !teaches && command.last().is_some_and(|name| name != "list") {
            silent.push(command.join(" "));
        }
        seen += 1;
        waiting.extend(below.into_iter().map(|name| [&command[..], &[name]].concat()));
    }
    assert!(seen > 40, "only {seen} commands were found");
    assert!(silent.is_empty(), "their help shows no example: {silent:?}");
    Ok(())
}

#[tokio::test]
async fn wrong_settings_are_named_with_their_place_and_end_the_program_with_2() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(
        folder.path().join("c.toml"),
        "[server]\nlisten = \"127.0.0.1:1\"\n[log]\nstoer = \"sqlite\"\n",
    )?;
    let done = run(folder.path(), &["--config", "c.toml", "config", "check"]).await?;
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("c.toml, line 4: there is no setting `log.stoer`; [log] has "), "{}", done.err);
    let done = run(folder.path(), &["serve", "--listen", "nowhere"]).await?;
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("flag --listen: `server.listen` takes an address"), "{}", done.err);
    std::fs::write(folder.path().join("c.toml"), "[demo]\nseed = 7\n")?;
    let out = run(folder.path(), &["--config", "c.toml", "config", "check"]).await?.success()?;
    assert!(out.contains("= 7  (c.toml, line 2)") && out.contains("127.0.0.1:8080\"  (default)"), "{out}");
    Ok(())
}

#[tokio::test]
async fn the_log_is_shown_exported_and_replayed() -> Result<()> {
    let folder = small_log().await?;
    let shown = run(folder.path(), &["log", "show", "1"]).await?.success()?;
    let event: Value = serde_json::from_str(&shown)?;
    assert_eq!(event["type"], "customer.registered");
    assert_eq!(event["occurredAt"], "2026-01-05T10:00:00Z");
    let stream = event["stream"].as_str().unwrap_or_default();
    let history = run(folder.path(), &["log", "show", stream]).await?.success()?;
    assert!(history.contains(stream) && history.lines().count() == 1, "{history}");
    let beyond = run(folder.path(), &["log", "show", "99"]).await?;
    assert!(beyond.code == Some(1) && beyond.err.contains("the last one is at 2"), "{beyond:?}");
    assert_eq!(exported(folder.path(), &["--after", "1"]).await?.len(), 1);
    assert_eq!(exported(folder.path(), &["--category", "agent"]).await?.len(), 0);

    let at_one = ["replay", "--projection", "customer_360", "--until", "1"];
    let rows = run(folder.path(), &at_one).await?.success()?;
    assert!(rows.contains("retail") && !rows.contains("health"), "as it was after one event: {rows}");
    let unknown = run(folder.path(), &["replay", "--projection", "x", "--until", "1"]).await?;
    assert!(unknown.err.contains("there is no read model \"x\"; there are customer_360"), "{unknown:?}");
    Ok(())
}

#[tokio::test]
async fn read_models_are_listed_rebuilt_and_switched() -> Result<()> {
    let folder = small_log().await?;
    run(folder.path(), &["migrate"]).await?.success()?;
    let rebuilt = run(folder.path(), &["projections", "rebuild", "customer_360", "--no-switch"]).await?;
    assert!(rebuilt.success()?.contains("customer_360 generation 2 was built up to position 2"));
    run(folder.path(), &["projections", "switch", "customer_360"]).await?.success()?;
    let listed = run(folder.path(), &["projections", "list"]).await?.success()?;
    let states: Vec<&str> = listed.lines().filter(|line| line.starts_with("customer_360")).collect();
    assert!(states.len() == 2 && states[0].contains("standby") && states[1].contains("in use"), "{listed}");
    let parked = run(folder.path(), &["projections", "parked"]).await?.success()?;
    assert_eq!(parked.trim(), "0 parked events.");
    Ok(())
}

#[tokio::test]
async fn commands_ask_for_a_token_where_the_configuration_says_so() -> Result<()> {
    let folder = small_log().await?;
    let (path, mut tokens) = (folder.path(), std::collections::BTreeMap::new());
    for role in ["auditor", "manager", "agent"] {
        let issue = ["token", "issue", "--subject", role, "--role", role];
        tokens.insert(role, run(path, &issue).await?.success()?.trim().to_owned());
    }
    std::fs::write(path.join("t.toml"), "[access]\ncommand_line = \"token\"\n")?;
    let asking = async |token: Option<&str>, command: &[&str]| {
        let brought = token.map(|token| ["--token", token]);
        let words =
            [&["--config", "t.toml"][..], brought.as_ref().map_or(&[], |brought| &brought[..]), command];
        run(path, &words.concat()).await
    };
    let export = ["log", "export", "--type", "access.recorded"];

    let nobody = asking(None, &export).await?;
    assert!(nobody.code == Some(1) && nobody.err.contains("access.command_line"), "{}", nobody.err);
    let stranger = asking(Some("no token"), &export).await?;
    assert!(stranger.code == Some(1) && stranger.err.contains("not taken: malformed"), "{}", stranger.err);
    for role in ["agent", "manager"] {
        let refused = asking(Some(&tokens[role]), &export).await?;
        assert!(refused.code == Some(1) && refused.err.contains("NOT_PERMITTED"), "{}", refused.err);
        assert!(refused.out.is_empty(), "{}", refused.out);
    }
    let record = asking(Some(&tokens["auditor"]), &export).await?.success()?;
    let commands: Vec<Value> = record
        .lines()
        .map(serde_json::from_str::<Value>)
        .collect::<Result<Vec<_>, _>>()?
        .iter()
        .flat_map(|event| event["payload"]["entries"].as_array().cloned().unwrap_or_default())
        .filter(|access| access["way"] == "command")
        .collect();
    let told: Vec<_> = commands.iter().map(|access| (&access["who"], &access["outcome"])).collect();
    let expected = [("user:agent", "refused"), ("user:manager", "refused"), ("user:auditor", "allowed")];
    let expected = expected.map(|(who, outcome)| (Value::from(who), Value::from(outcome)));
    assert_eq!(told, expected.iter().map(|(who, outcome)| (who, outcome)).collect::<Vec<_>>());
    assert!(commands.iter().all(|access| access["operation"] == "trunkline log"), "{commands:?}");

    let issue = ["token", "issue", "--subject", "friend", "--role", "auditor"];
    assert!(asking(Some(&tokens["auditor"]), &issue).await?.err.contains("`manage_grants`"));
    asking(Some(&tokens["manager"]), &issue).await?.success()?;
    asking(None, &["config", "check"]).await?.success()?;
    Ok(())
}
