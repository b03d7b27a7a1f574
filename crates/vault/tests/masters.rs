//! Master keys: where they come from, and how they change while servers run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use trunkline_vault::VaultError;
use trunkline_vault::master::MasterKeys;

use crate::support::{ONE, Place, TWO, given, subject};

#[tokio::test]
async fn a_rotation_wraps_every_key_anew_while_another_server_runs() {
    for place in Place::both() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        let running = place.open(MasterKeys::in_file(&file, true).unwrap()).await.unwrap();
        let subjects: Vec<_> = (1..=1_200).map(subject).collect();
        running.keys(&subjects).await.unwrap();
        let before = running.list().await.unwrap();
        let other = place.open(MasterKeys::in_file(&file, false).unwrap()).await.unwrap();
        let rotated = other.rotate().await.unwrap();
        assert_eq!(rotated.rewrapped, 1_202, "every subject's, the index' and the receipts' key");
        let after = other.list().await.unwrap();
        assert!(after.iter().all(|found| found.master.as_ref() == Some(&rotated.master)), "{after:?}");
        assert!(before.iter().all(|found| found.master.as_ref() != Some(&rotated.master)));
        // The running server opens what is wrapped by a key that it has not seen, and wraps by it from now on.
        running.forget(subject(7));
        assert!(running.existing(&[subject(7)]).await.unwrap().get(subject(7)).is_some());
        running.keys(&[subject(9_999)]).await.unwrap();
        assert_eq!(running.rewrap().await.unwrap().rewrapped, 0, "nothing is left under the old key");
        assert_eq!(other.retire().await.unwrap(), 1);
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 1);
        place.open(MasterKeys::in_file(&file, false).unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn given_master_keys_change_by_giving_both_for_a_while() {
    let place = Place::sqlite();
    let old = place.open(given(ONE)).await.unwrap();
    old.keys(&[subject(1)]).await.unwrap();
    let both = place.open(given(&format!("{ONE},{TWO}"))).await.unwrap();
    assert_eq!(both.rotate().await.unwrap().rewrapped, 3);
    let new = place.open(given(TWO)).await.unwrap();
    assert!(new.existing(&[subject(1)]).await.unwrap().get(subject(1)).is_some());
}

#[test]
fn a_file_that_others_may_read_is_refused_and_a_made_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master.key");
    assert!(matches!(MasterKeys::in_file(&file, false), Err(VaultError::File { .. })), "it is not there");
    MasterKeys::in_file(&file, true).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o660, 0o644] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let told = MasterKeys::in_file(&file, true).unwrap_err().to_string();
        assert!(told.contains("chmod 600"), "{told}");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    MasterKeys::in_file(&file, true).unwrap();
}

#[test]
fn what_is_no_master_key_is_refused_without_being_told() {
    for text in ["", "secret", "c2hvcnQ=", &format!("{ONE},"), &format!("{ONE} {TWO}")] {
        let told = MasterKeys::given(text).unwrap_err().to_string();
        assert!(told.contains("openssl rand -base64 32") && !told.contains("MTEx"), "{told}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master.key");
    fs::write(&file, "# nothing\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(MasterKeys::in_file(&file, false).is_err());
    let debug = format!("{:?}", given(ONE));
    assert!(!debug.contains("MTEx") && !debug.contains("49, 49"), "{debug}");
}
