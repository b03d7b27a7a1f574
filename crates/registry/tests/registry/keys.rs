//! The key's file, and handing over from one key to the next.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use trunkline_kernel::{Ids as _, RandomIds, SystemClock};
use trunkline_notary::Trust;
use trunkline_registry::{KeyError, KeyFile, RegistryError};

use crate::support::{House, fill, key, notarise, notarised, scope, signing, verified};

#[test]
fn a_key_is_made_for_its_owner_alone_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = KeyFile::new(folder.path().join("data/notary.key"));
    assert!(file.read().unwrap().is_none());
    let made = file.read_or_make().unwrap().public();
    assert_eq!(file.read_or_make().unwrap().public(), made);
    let mode = std::fs::metadata(file.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    std::fs::set_permissions(file.path(), Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(file.read(), Err(KeyError::Open { mode: 0o640, .. })));
    std::fs::set_permissions(file.path(), Permissions::from_mode(0o600)).unwrap();
    std::fs::write(file.path(), "no key").unwrap();
    assert!(matches!(file.read(), Err(KeyError::Key { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_hands_over_to_the_next_and_is_gone() {
    let house = House::sqlite();
    let folder = tempfile::tempdir().unwrap();
    let file = KeyFile::new(folder.path().join("notary.key"));
    let first = key();
    std::fs::write(file.path(), &first).unwrap();
    std::fs::set_permissions(file.path(), Permissions::from_mode(0o600)).unwrap();
    notarised(&house, 300, &first).await;
    let books = house.books().await;
    let next_key = file.next().unwrap();
    let next = next_key.public();
    let (clock, lease) = (SystemClock, Duration::from_secs(1));
    let stranger = signing(&key());
    let refused = books.rotate(&stranger, &next_key, &clock, RandomIds.uuid(), lease).await;
    assert!(matches!(refused, Err(RegistryError::WrongKey { .. })));
    books.rotate(&signing(&first), &next_key, &clock, RandomIds.uuid(), lease).await.unwrap();
    file.take_over(next.id()).unwrap();
    assert_eq!(file.read().unwrap().unwrap().public(), next);
    // A second time there is nothing to move.
    file.take_over(next.id()).unwrap();

    // Even before anything else is signed.
    let second = std::fs::read_to_string(file.path()).unwrap();
    assert!(verified(&house, scope(&second, &[])).await.holds());
    let log = house.log().await;
    fill(&*log, 7, 300).await;
    let head = notarise(&house, log.clone(), &second).await;
    log.close().await;
    assert_eq!(head.key, next.id());
    // Whoever has trusted the first key from the beginning follows; so does whoever knows only the second.
    let by_first = verified(&house, scope(&first, &[head])).await;
    assert!(by_first.holds(), "{by_first:#?}");
    let by_second = verified(&house, scope(&second, &[])).await;
    assert!(by_second.holds(), "{by_second:#?}");
    let mut trust = Trust::new(signing(&first).public());
    for head in books.heads_after(0, 100).await.unwrap() {
        trust.follow(&head.signed).unwrap();
    }
    assert_eq!(trust.present(), Some(next));
}
