use std::collections::BTreeSet;

use super::*;

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn refusal(text: &str) -> String {
    let file = file(text);
    let read = || {
        let mut layers = Layers::defaults()?;
        layers.file(file.path())?;
        Settings::of(&layers)
    };
    read().unwrap_err().to_string().replace(&file.path().display().to_string(), "FILE")
}

fn variables(pairs: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let mut layers = Layers::defaults()?;
    layers.variables(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))?;
    Settings::of(&layers)
}

#[test]
fn the_documented_defaults_are_the_defaults_of_the_code() {
    let settings = Settings::of(&Layers::defaults().unwrap()).unwrap();
    assert_eq!(settings.log_limits, trunkline_log::LogLimits::default());
    assert_eq!(settings.feed, trunkline_log::FeedLimits::default());
    assert_eq!(settings.projections, trunkline_projections::runtime::Settings::default());
    assert_eq!(settings.policy, trunkline_domain::Policy::default());
    let (ours, theirs) = (&settings.graphql, trunkline_graphql::Limits::default());
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    let dispatch = trunkline_app::DispatchLimits::default();
    assert_eq!(settings.command_attempts_max, dispatch.attempts_max);
    assert_eq!(settings.cached_aggregates_max, dispatch.cached_aggregates_max);
    let (ours, theirs) = (&settings.routing.router, trunkline_pool::RouterSettings::default());
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(settings.routing.drift, trunkline_pool::models::DriftSettings::default());
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
}

#[test]
fn every_setting_is_documented_in_the_file_of_defaults() {
    let mut documented = false;
    for line in DEFAULTS.lines() {
        if line.contains(" = ") {
            assert!(documented, "nothing is said about `{line}`");
        }
        documented = line.starts_with('#') || (documented && !line.trim().is_empty());
    }
}

#[test]
fn every_setting_of_the_file_is_read_by_the_program() {
    // A setting that nobody reads would be accepted and do nothing.
    let source = [
        include_str!("access.rs"),
        include_str!("audit.rs"),
        include_str!("cti.rs"),
        include_str!("dialer.rs"),
        include_str!("settings.rs"),
        include_str!("stores.rs"),
        include_str!("models.rs"),
        include_str!("notary.rs"),
        include_str!("routing.rs"),
        include_str!("identity.rs"),
        include_str!("oidc.rs"),
        include_str!("opensearch.rs"),
        include_str!("rabbitmq.rs"),
        include_str!("recordings.rs"),
        include_str!("transport.rs"),
    ]
    .concat();
    let layers = Layers::defaults().unwrap();
    let unread: BTreeSet<&str> =
        layers.iter().map(|(key, ..)| key).filter(|key| !source.contains(&format!("\"{key}\""))).collect();
    assert!(unread.is_empty(), "{unread:?}");
}

#[test]
fn a_key_that_does_not_exist_is_named_with_its_line_and_what_there_is() {
    assert_eq!(
        refusal("[server]\n# here\nlsten = \"x\"\n"),
        "FILE, line 3: there is no setting `server.lsten`; [server] has core_files, data_dir, listen, plain_http, \
         proxies, ready_lag_max, shutdown_seconds"
    );
    assert!(
        refusal("[sever]\n")
            .starts_with("FILE, line 1: there is no setting `sever`; the sections are access,")
    );
    assert!(refusal("listen = 1\n").contains("line 1: there is no setting `listen`"));
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_what_is_taken() {
    assert_eq!(
        refusal("\n[server]\nlisten = 8080\n"),
        "FILE, line 3: `server.listen` takes a text in quotes such as \"127.0.0.1:8080\", and was given a whole number"
    );
    assert!(
        refusal("[log]\nqueue_max = [1]\n")
            .contains("takes a whole number such as 10000, and was given a list")
    );
}

#[test]
fn a_value_out_of_bounds_is_named_with_its_bounds() {
    assert_eq!(
        refusal("[server]\nlisten = \"nowhere\"\n"),
        "FILE, line 2: `server.listen` takes an address such as \"127.0.0.1:8080\" or \"0.0.0.0:80\", and is \"nowhere\""
    );
    assert_eq!(
        refusal("[log]\nretries_max = -1\n"),
        "FILE, line 2: `log.retries_max` takes 0 to 100, and is -1"
    );
    assert_eq!(
        refusal("[telemetry]\nlog_format = \"xml\"\n"),
        "FILE, line 2: `telemetry.log_format` takes \"text\", \"json\", and is \"xml\""
    );
}

#[test]
fn a_url_is_never_in_an_error() {
    let text = refusal("[log]\nstore = \"postgres\"\nurl = \"mysql://user:secret@db\"\n");
    assert!(text.contains("line 3: `log.url` takes a URL that begins with postgres://"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn what_is_not_toml_is_told_with_its_line() {
    let text = refusal("[server\n");
    assert!(text.starts_with("FILE is not TOML") && text.contains("line 1"), "{text}");
}

#[test]
fn variables_are_settings_in_capitals() {
    let settings = variables(&[
        ("TRUNKLINE_SERVER_LISTEN", "0.0.0.0:1"),
        ("TRUNKLINE_READ_MODELS_CONNECTIONS_MAX", "7"),
        ("TRUNKLINE_DEMO_CALLS_PER_SECOND", "5"),
        ("TRUNKLINE_TEST_KURRENTDB", "kurrentdb://x"),
        ("PATH", "/bin"),
    ]);
    let settings = settings.unwrap();
    assert_eq!(settings.listen.to_string(), "0.0.0.0:1");
    assert_eq!(settings.read_model_connections_max, 7);
    assert!((settings.demo_calls_per_second - 5.0).abs() < f64::EPSILON);
}

#[test]
fn a_wrong_variable_is_named() {
    let unknown = variables(&[("TRUNKLINE_LOG_STOER", "x")]).unwrap_err().to_string();
    assert!(
        unknown.starts_with("environment variable TRUNKLINE_LOG_STOER: there is no setting"),
        "{unknown}"
    );
    assert!(unknown.contains("[log] has batch_appends_max"), "{unknown}");
    let wrong = variables(&[("TRUNKLINE_LOG_QUEUE_MAX", "many")]).unwrap_err().to_string();
    let expected = "environment variable TRUNKLINE_LOG_QUEUE_MAX: `log.queue_max` takes a whole number such as \
                    10000, and was given a text in quotes";
    assert_eq!(wrong, expected);
}

#[test]
fn read_models_are_with_the_log_unless_said_otherwise() {
    let log = ("TRUNKLINE_LOG_STORE", "postgres");
    let url = ("TRUNKLINE_LOG_URL", "postgres://a/b");
    let other = ("TRUNKLINE_READ_MODELS_URL", "postgres://c/d");
    let with_log = variables(&[log, url]).unwrap();
    assert_eq!(with_log.read_models, ReadModelStore::Postgres { url: "postgres://a/b".to_owned() });
    let apart = variables(&[log, url, other]).unwrap();
    assert_eq!(apart.read_models, ReadModelStore::Postgres { url: "postgres://c/d".to_owned() });
    let embedded = variables(&[log, url, ("TRUNKLINE_READ_MODELS_STORE", "sqlite")]).unwrap();
    assert_eq!(embedded.read_models, ReadModelStore::Sqlite);
}
