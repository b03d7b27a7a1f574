//! The schemas of the events, and what may not happen to them: events are stored for ever.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use trunkline_domain::{DECLARED, EventDeclaration};

use crate::compatible;

/// The files that the declared events call for, after a look at the committed ones in `folder`.
///
/// # Errors
/// When an event type has gone, its version went back, or its shape changed without a new version.
pub(crate) fn files(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let declared: BTreeMap<&str, &EventDeclaration> =
        DECLARED.iter().copied().flatten().map(|event| (event.name, event)).collect();
    let committed = committed(folder)?;
    let mut wrong = Vec::new();
    for ((name, version), path) in &committed {
        let reason = match declared.get(name.as_str()) {
            None => Some("is no longer declared, and logs are full of it".to_owned()),
            Some(event) if event.version < *version => {
                Some(format!("is declared as version {}, older than one that shipped", event.version))
            }
            Some(event) if event.version == *version => changed(path, event)?,
            Some(_) => None,
        };
        wrong.extend(reason.map(|reason| format!("  {name} v{version} {reason}")));
    }
    if !wrong.is_empty() {
        bail!(
            "events that are stored can no longer be read:\n{}\ndeclare a new version, and an upcaster from \
             the old one",
            wrong.join("\n")
        );
    }
    declared.values().map(|event| Ok((folder.join(file_name(event)), text(event)?))).collect()
}

fn file_name(event: &EventDeclaration) -> PathBuf {
    let category = event.name.split_once('.').map_or("", |(category, _)| category);
    PathBuf::from(category).join(format!("{}.v{}.json", event.name, event.version))
}

fn text(event: &EventDeclaration) -> Result<String> {
    let mut text = serde_json::to_string_pretty(&(event.schema)())?;
    text.push('\n');
    Ok(text)
}

fn changed(path: &Path, event: &EventDeclaration) -> Result<Option<String>> {
    let text = fs::read_to_string(path)?;
    let old: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    let new = serde_json::to_value((event.schema)())?;
    let reasons = compatible::breaks(&old, &new);
    Ok((!reasons.is_empty()).then(|| format!("changed its shape: {}", reasons.join("; "))))
}

/// The committed schemas, by name and version.
fn committed(folder: &Path) -> Result<BTreeMap<(String, u16), PathBuf>> {
    let mut found = BTreeMap::new();
    let categories = fs::read_dir(folder).into_iter().flatten();
    for category in categories {
        let category = category?.path();
        if !category.is_dir() {
            continue;
        }
        for file in fs::read_dir(category)? {
            let path = file?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let parts = name.strip_suffix(".json").and_then(|name| name.rsplit_once(".v"));
            let (name, version) =
                parts.with_context(|| format!("{} is not called NAME.vVERSION.json", path.display()))?;
            let version = version.parse().with_context(|| format!("the version of {}", path.display()))?;
            let before = found.insert((name.to_owned(), version), path.clone());
            ensure!(before.is_none(), "two files hold the schema of {name} v{version}");
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(name: &str, schema: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("call");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join(name), schema).unwrap();
        format!("{:#}", files(folder.path()).unwrap_err())
    }

    #[test]
    fn a_stored_shape_cannot_change_or_go() {
        let gone = fails("call.teleported.v1.json", "{}");
        assert!(gone.contains("call.teleported v1 is no longer declared"), "{gone}");
        let back = fails("call.created.v900.json", "{}");
        assert!(back.contains("older than one that shipped"), "{back}");
        let old = r#"{"type": "object", "properties": {"mood": {"type": "string"}}}"#;
        let changed = fails("call.created.v1.json", old);
        assert!(changed.contains("`mood` is gone"), "{changed}");
    }

    #[test]
    fn every_event_has_one_file_named_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path()).unwrap();
        assert_eq!(files.len(), DECLARED.iter().map(|events| events.len()).sum::<usize>());
        assert!(files.iter().any(|(path, _)| path.ends_with("call/call.created.v1.json")));
    }
}
