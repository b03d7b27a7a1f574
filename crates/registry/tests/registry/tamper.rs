//! Whatever is done to the rows behind the log's back is found, and where it was done.

use trunkline_kernel::{Digest, Position};
use trunkline_notary::SigningKey;
use trunkline_registry::{Finding, Kind, Scope, Vouched};

use crate::support::{House, event, key, notarise, notarised, scope, verified};

/// The finding of this kind; there has to be one.
fn the(findings: &[Finding], kind: Kind) -> Finding {
    findings
        .iter()
        .find(|one| one.kind == kind)
        .cloned()
        .unwrap_or_else(|| panic!("no {kind:?}: {findings:#?}"))
}

fn at(finding: &Finding) -> (u64, u64) {
    (finding.position.0, finding.last.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_log_holds_in_whole_in_part_and_against_every_head() {
    for house in House::both() {
        let pem = key();
        let head = notarised(&house, 1_000, &pem).await;
        let end = head.head.size;
        let verdict = verified(&house, scope(&pem, &[head])).await;
        assert!(verdict.holds(), "{verdict:#?}");
        assert_eq!((verdict.events, verdict.vouched), (end, Vouched::By(Position(end))));
        assert!(verdict.heads > end / 250, "{verdict:?}");
        for (from, to) in [(1, 10), (200, 700), (257, 512), (900, end)] {
            let part = Scope { from: Position(from), to: Some(Position(to)), ..scope(&pem, &[]) };
            let verdict = verified(&house, part).await;
            assert!(verdict.holds() && verdict.events == to + 1 - from, "{from} to {to}: {verdict:#?}");
        }
        // Somebody who trusts another key does not believe these heads.
        let stranger = verified(&house, scope(&key(), &[])).await;
        assert_eq!(at(&the(&stranger.findings, Kind::Head)), (1, end));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_edit_is_found_where_it_was_made() {
    let edits = [
        "payload = '{\"forged\":true}'",
        "actor = 'user:mallory'",
        "stream = 'call-forged'",
        "type = 'call.forged'",
        "schema_version = 2",
        "trace_id = '00000000000000000000000000000001'",
        "causation_id = event_id",
        "category = 'other'",
    ];
    for house in House::both() {
        let pem = key();
        notarised(&house, 700, &pem).await;
        for (nth, edit) in edits.iter().enumerate() {
            let position = 41 + nth as u64 * 67;
            let keep = "CREATE TABLE kept AS SELECT * FROM events WHERE position = ";
            let restore = format!(
                "DELETE FROM events WHERE position = {position}; INSERT INTO events SELECT * FROM kept; DROP TABLE kept"
            );
            let forge = format!("UPDATE events SET {edit} WHERE position = {position}");
            house.attack(&[&format!("{keep}{position}"), &forge]).await;
            let found = verified(&house, scope(&pem, &[])).await.findings;
            assert_eq!(at(&the(&found, Kind::Edited)), (position, position), "{edit}: {found:#?}");
            let part = Scope { from: Position(position), to: Some(Position(position)), ..scope(&pem, &[]) };
            let alone = verified(&house, part).await.findings;
            assert_eq!(at(&the(&alone, Kind::Edited)), (position, position), "{edit}: {alone:#?}");
            house.attack(&[&restore]).await;
        }
        assert!(verified(&house, scope(&pem, &[])).await.holds());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_with_a_new_digest_and_one_of_what_the_log_noted_are_found() {
    for house in House::both() {
        let pem = key();
        notarised(&house, 600, &pem).await;
        house.attack(&["UPDATE events SET payload = '{\"forged\":true}' WHERE position = 300"]).await;
        let mut digest = Digest([0; 32]);
        let rows = house.rows().await;
        let forged = tokio::task::spawn_blocking(move || {
            rows.scan(Position(299), Position(300), &mut |row| {
                digest = row.unwrap().computed_digest(&mut Vec::new());
            })
            .unwrap();
            digest
        });
        let digest = house.bytes(&forged.await.unwrap().0);
        let forge = format!("UPDATE events SET digest = {digest} WHERE position = 300");
        house
            .attack(&[
                &forge,
                "UPDATE events SET recorded_at = (SELECT max(recorded_at) FROM events) WHERE position = 500",
            ])
            .await;
        let found = verified(&house, scope(&pem, &[])).await.findings;
        let edited: Vec<_> = found.iter().filter(|one| one.kind == Kind::Edited).map(at).collect();
        assert!(edited.contains(&(300, 300)) && edited.contains(&(500, 500)), "{found:#?}");
        // The heads say the same from another side: the change lies behind the last that still holds.
        assert_eq!(at(&the(&found, Kind::Head)), (251, 500));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_event_is_found_with_and_without_a_gap() {
    for house in House::both() {
        let pem = key();
        let end = notarised(&house, 600, &pem).await.head.size;
        house.attack(&["DELETE FROM events WHERE position = 321"]).await;
        let found = verified(&house, scope(&pem, &[])).await.findings;
        assert_eq!(at(&the(&found, Kind::Deleted)), (321, 321), "{found:#?}");
        house
            .attack(&[
                "UPDATE events SET position = position + 1000000 WHERE position > 321",
                "UPDATE events SET position = position - 1000001 WHERE position > 1000000",
            ])
            .await;
        let found = verified(&house, scope(&pem, &[])).await.findings;
        let first = the(&found, Kind::Deleted);
        assert_eq!(first.position.0, 321, "{found:#?}");
        assert!(first.detail.contains("moved up"), "{first}");
        assert_eq!(at(&the(&found, Kind::Truncated)), (end, end));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inserted_event_is_found() {
    for house in House::both() {
        let pem = key();
        notarised(&house, 600, &pem).await;
        let id = house.id("00000000000070008000000000000001");
        let forge = format!(
            "INSERT INTO events SELECT 400, {id}, 'note-forged', 1, 'note', type, schema_version, payload, tags, actor, \
             command_id, correlation_id, causation_id, trace_id, occurred_at, recorded_at, digest \
             FROM events WHERE position = 399"
        );
        let moves = [
            "UPDATE events SET position = position + 1000000 WHERE position >= 400",
            "UPDATE events SET position = position - 999999 WHERE position > 1000000",
            &forge,
        ];
        house.attack(&moves).await;
        let found = verified(&house, scope(&pem, &[])).await.findings;
        let inserted: Vec<_> = found.iter().filter(|one| one.kind == Kind::Inserted).collect();
        assert_eq!(inserted.first().map(|one| one.position.0), Some(400), "{found:#?}");
        assert!(inserted[0].detail.contains("put in"), "{found:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_changed_places_are_found() {
    for house in House::both() {
        let pem = key();
        notarised(&house, 600, &pem).await;
        house
            .attack(&[
                "UPDATE events SET position = 1000000 WHERE position = 222",
                "UPDATE events SET position = 222 WHERE position = 333",
                "UPDATE events SET position = 333 WHERE position = 1000000",
            ])
            .await;
        let found = verified(&house, scope(&pem, &[])).await.findings;
        let moved: Vec<_> = found.iter().filter(|one| one.kind == Kind::Reordered).collect();
        assert_eq!(
            moved.iter().map(|one| at(one)).collect::<Vec<_>>(),
            [(222, 222), (333, 333)],
            "{found:#?}"
        );
        assert!(moved[0].detail.contains("position 333"), "{found:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_tail_is_found_and_signing_anew_does_not_hide_it_from_a_published_head() {
    for house in House::both() {
        let pem = key();
        let published = notarised(&house, 700, &pem).await;
        let end = published.head.size;
        house.attack(&["DELETE FROM events WHERE position > 650"]).await;
        let found = verified(&house, scope(&pem, &[])).await.findings;
        assert_eq!(at(&the(&found, Kind::Truncated)), (651, end));
        // Whoever has the key as well wipes the books and lets the notary sign what is left.
        for wipe in
            ["DELETE FROM notary_tiles", "DELETE FROM notary_heads", "UPDATE notary_state SET size = 0"]
        {
            house.attack_books(wipe).await;
        }
        let log = house.log().await;
        notarise(&house, log.clone(), &pem).await;
        log.close().await;
        let alone = verified(&house, scope(&pem, &[])).await;
        assert!(alone.holds(), "by itself it looks honest: {alone:#?}");
        let found = verified(&house, scope(&pem, &[published])).await.findings;
        assert_eq!(at(&the(&found, Kind::Truncated)), (651, end), "{found:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_that_was_changed_and_signed_anew_is_found_against_a_published_head() {
    let house = House::sqlite();
    let pem = key();
    let published = notarised(&house, 700, &pem).await;
    let id = house.id("00000000000070008000000000000001");
    house
        .attack(&[&format!("UPDATE events SET actor = 'user:mallory', event_id = {id} WHERE position = 77")])
        .await;
    let rows = house.rows().await;
    let forged = tokio::task::spawn_blocking(move || {
        let mut digest = None;
        rows.scan(Position(76), Position(77), &mut |row| {
            digest = Some(row.unwrap().computed_digest(&mut Vec::new()));
        })
        .unwrap();
        digest.unwrap()
    });
    let digest = house.bytes(&forged.await.unwrap().0);
    house.attack(&[&format!("UPDATE events SET digest = {digest} WHERE position = 77")]).await;
    for wipe in ["DELETE FROM notary_tiles", "DELETE FROM notary_heads", "UPDATE notary_state SET size = 0"] {
        house.attack_books(wipe).await;
    }
    let log = house.log().await;
    notarise(&house, log.clone(), &pem).await;
    log.close().await;
    assert!(verified(&house, scope(&pem, &[])).await.holds());
    let found = verified(&house, scope(&pem, &[published])).await.findings;
    assert_eq!(at(&the(&found, Kind::Head)), (1, published.head.size));
}

#[tokio::test(flavor = "multi_thread")]
async fn tampering_with_the_books_is_found() {
    let pem = key();
    let other = SigningKey::from_pem(&key()).unwrap();
    let house = House::sqlite();
    let head = notarised(&house, 600, &pem).await;
    // A head that somebody without the key has signed.
    let forged = serde_json::to_string(&head.head.sign(&other)).unwrap();
    let books = house.books().await;
    let number = books.last_head().await.unwrap().unwrap().number;
    let sql = "UPDATE notary_heads SET document = $1 WHERE number = $2";
    let values = vec![trunkline_database::Cell::value(&forged), trunkline_database::Cell::value(&number)];
    books.database_for_tests().execute(sql, values).await.unwrap();
    let found = verified(&house, scope(&pem, &[])).await.findings;
    assert!(the(&found, Kind::Head).detail.contains("nobody who is trusted"), "{found:#?}");

    let house = House::sqlite();
    notarised(&house, 600, &pem).await;
    house.attack_books("DELETE FROM notary_tiles WHERE level = 0 AND place = 1").await;
    let found = verified(&house, scope(&pem, &[])).await.findings;
    assert_eq!(the(&found, Kind::Tree).position.0, 257, "{found:#?}");

    let house = House::sqlite();
    notarised(&house, 600, &pem).await;
    house.attack_books("UPDATE notary_tiles SET hashes = zeroblob(64) WHERE level = 1").await;
    let found = verified(&house, scope(&pem, &[])).await.findings;
    assert!(the(&found, Kind::Tree).detail.contains("proofs cannot be made"), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_tags_that_hides_or_invents_is_found_where_it_does() {
    for house in House::both() {
        let pem = key();
        notarised(&house, 900, &pem).await;
        let log = house.log().await;
        let tags = event(&*log, 700).await.event.tags;
        let tag = tags.iter().next().unwrap().to_string();
        log.close().await;
        house
            .attack(&[
                &format!("DELETE FROM event_tags WHERE position = 700 AND tag = '{tag}'"),
                "INSERT INTO event_tags (tag, position) VALUES ('customer:forged', 20)",
            ])
            .await;
        let found = verified(&house, scope(&pem, &[])).await.findings;
        let [invented, hidden] = found.as_slice() else { panic!("{found:#?}") };
        assert_eq!((invented.kind, at(invented)), (Kind::Index, (20, 20)));
        assert!(invented.detail.contains("customer:forged"), "{invented}");
        assert_eq!((hidden.kind, at(hidden)), (Kind::Index, (700, 700)));
        assert!(hidden.detail.contains(&tag), "{hidden}");
        let part = Scope { from: Position(600), to: Some(Position(699)), ..scope(&pem, &[]) };
        assert!(verified(&house, part).await.holds(), "nothing is wrong in between");
        let events_alone = Scope { index: false, ..scope(&pem, &[]) };
        assert!(verified(&house, events_alone).await.holds(), "no event was touched");
    }
}
