//! Keys of subjects: made once, kept, destroyed for ever.

use std::sync::Arc;

use trunkline_database::Database;
use trunkline_kernel::{EventId, Id as _, Personal, Subject};
use trunkline_vault::{Openable as _, Place as FieldPlace, SealedValue, Shown, Vault, VaultError};
use uuid::Uuid;

use crate::support::{ONE, Place, TWO, given, subject};

async fn seal(vault: &Vault, whose: Subject, text: &str) -> Personal<String> {
    let keys = vault.keys(&[whose]).await.unwrap();
    let place = FieldPlace { subject: whose, event: EventId::from_uuid(Uuid::from_u128(77)), field: "/name" };
    let json = serde_json::to_vec(text).unwrap();
    Personal::Sealed(keys.get(whose).unwrap().seal(&place, &json).unwrap())
}

async fn shown(vault: &Vault, whose: Subject, value: &Personal<String>) -> Shown<String> {
    value.opened(&vault.existing(&[whose]).await.unwrap())
}

#[tokio::test]
async fn a_value_is_read_after_the_vault_was_opened_again() {
    for place in Place::both() {
        let vault = place.open(given(ONE)).await.unwrap();
        let name = seal(&vault, subject(1), "王芳").await;
        let index = vault.index().hash("x", b"y");
        vault.close().await;
        let again = place.open(given(ONE)).await.unwrap();
        assert_eq!(shown(&again, subject(1), &name).await, Shown::Clear("王芳".to_owned()));
        assert_eq!(again.index().hash("x", b"y"), index, "look-ups go on as well");
    }
}

#[tokio::test]
async fn two_subjects_have_two_keys() {
    let place = Place::sqlite();
    let vault = place.open(given(ONE)).await.unwrap();
    let name = seal(&vault, subject(1), "王芳").await;
    let keys = vault.keys(&[subject(1), subject(2)]).await.unwrap();
    let Personal::Sealed(sealed) = &name else { panic!("it is sealed") };
    let read = SealedValue::read(&sealed.0).unwrap();
    assert!(keys.get(subject(1)).unwrap().open(&read).is_ok());
    assert!(keys.get(subject(2)).unwrap().open(&read).is_err());
}

#[tokio::test]
async fn what_was_destroyed_is_erased_and_gets_no_new_key() {
    for place in Place::both() {
        let vault = place.open(given(ONE)).await.unwrap();
        let other = place.open(given(ONE)).await.unwrap();
        let name = seal(&vault, subject(1), "王芳").await;
        assert!(shown(&other, subject(1), &name).await.clear().is_some());
        let destroyed = vault.destroy(subject(1)).await.unwrap();
        assert_eq!(vault.destroy(subject(1)).await.unwrap(), destroyed, "once is enough");
        assert_eq!(shown(&vault, subject(1), &name).await, Shown::Erased);
        let keys = vault.keys(&[subject(1)]).await.unwrap();
        assert!(keys.get(subject(1)).is_none() && keys.is_destroyed(subject(1)));
        // The other server still holds the key in memory until it hears of it.
        other.note_destroyed(subject(1));
        assert_eq!(shown(&other, subject(1), &name).await, Shown::Erased);
        // Who was erased before a key was ever made gets none either.
        vault.destroy(subject(2)).await.unwrap();
        assert!(vault.keys(&[subject(2)]).await.unwrap().get(subject(2)).is_none());
    }
}

#[tokio::test]
async fn a_destroyed_key_is_in_no_byte_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Sqlite(folder);
    let vault = place.open(given(ONE)).await.unwrap();
    for number in 1..=50 {
        vault.keys(&[subject(number)]).await.unwrap();
    }
    let database = place.database().await;
    let sql = "SELECT wrapped FROM subject_keys WHERE kind = 'customer' AND subject = $1";
    let id = trunkline_database::Value::Uuid(Uuid::from_u128(25));
    let wrapped: String = database.fetch(sql, vec![id]).await.unwrap()[0].get("wrapped").unwrap();
    database.close().await;
    vault.destroy(subject(25)).await.unwrap();
    vault.close().await;
    let Place::Sqlite(folder) = &place else { panic!("it is a folder") };
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(wrapped.len()).any(|window| window == wrapped.as_bytes());
        assert!(!found, "{} still has the wrapped key", path.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_on_two_servers_agree_on_every_key() {
    for place in Place::both() {
        let servers = [place.open(given(ONE)).await.unwrap(), place.open(given(ONE)).await.unwrap()];
        let tasks: Vec<_> = (0..400_u128)
            .map(|number| {
                let vault = Arc::clone(&servers[usize::from(number % 2 == 0)]);
                tokio::spawn(async move { seal(&vault, subject(number / 4), "x").await })
            })
            .collect();
        for (number, task) in (0_u128..).zip(tasks) {
            let value = task.await.unwrap();
            for vault in &servers {
                let seen = shown(vault, subject(number / 4), &value).await;
                assert_eq!(seen, Shown::Clear("x".to_owned()), "{number}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_store_opens_with_its_own_master_key_alone() {
    for place in Place::both() {
        place.open(given(ONE)).await.unwrap();
        let other = place.open(given(TWO)).await;
        assert!(matches!(other, Err(VaultError::Master { .. })), "{other:?}");
    }
}

#[tokio::test]
async fn a_wrapped_key_that_was_put_in_anothers_place_does_not_open() {
    let place = Place::sqlite();
    let vault = place.open(given(ONE)).await.unwrap();
    vault.keys(&[subject(1), subject(2)]).await.unwrap();
    let database: Database = place.database().await;
    let id = |number| trunkline_database::Value::Uuid(Uuid::from_u128(number));
    let sql = "UPDATE subject_keys SET wrapped = (SELECT wrapped FROM subject_keys WHERE subject = $1)
        WHERE subject = $2";
    database.execute(sql, vec![id(1), id(2)]).await.unwrap();
    vault.forget(subject(2));
    let moved = vault.existing(&[subject(2)]).await;
    assert!(matches!(moved, Err(VaultError::Wrapped { .. })), "{moved:?}");
}
