//! The databases themselves refuse to change what is in the log.

use sqlx::{Connection, SqliteConnection};

use crate::adapters::{Database, Folder};
use crate::support::Room;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_refuses_to_change_events() {
    let folder = Folder::new();
    let file = folder.file();
    let room = Room::new(Box::new(folder)).await;
    let event = room.make.tagged("call.created", &["customer:1"]);
    room.log.append(crate::support::write("call-a", trunkline_log::Expect::Any, [event])).await.unwrap();
    let before = room.all().await;
    let mut intruder = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    for sql in [
        "UPDATE events SET payload = '{}'",
        "UPDATE events SET position = 9 WHERE position = 1",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT * FROM events",
        "UPDATE event_tags SET tag = 'customer:2'",
        "DELETE FROM event_tags WHERE position = 1",
    ] {
        let refused = sqlx::query(sql).execute(&mut intruder).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    assert_eq!(room.all().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_refuses_to_change_events() {
    let database = Database::fresh();
    let room = Room::new(Box::new(database.clone())).await;
    room.add("call-a").await;
    let before = room.all().await;
    // Even as the superuser, and as one that plays a replica.
    for sql in [
        "UPDATE events SET payload = '{}'",
        "DELETE FROM events",
        "TRUNCATE events",
        "DELETE FROM event_tags",
        "UPDATE event_tags SET tag = 'customer:2'",
        "TRUNCATE event_tags",
        "SET session_replication_role = replica; DELETE FROM events",
    ] {
        let refused = database.execute(sql).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    assert_eq!(room.all().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_role_can_append_and_nothing_else() {
    let database = Database::fresh();
    let owner = Room::new(Box::new(database.clone())).await;
    let role = format!("writer_of_{}", database.name());
    database
        .execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT SELECT ON log_schema, events, event_tags TO {role};
             GRANT EXECUTE ON FUNCTION append_events TO {role}"
        ))
        .unwrap();
    let writer = Room::new(Box::new(Database(database.0.replace("postgres@", &format!("{role}@"))))).await;
    writer.add("call-a").await;
    assert_eq!(owner.all().await, writer.all().await);
    for sql in [
        "UPDATE events SET payload = '{}'",
        "DELETE FROM events",
        "TRUNCATE events",
        "INSERT INTO event_tags VALUES ('a:b', 1)",
        "INSERT INTO events SELECT * FROM events",
    ] {
        let refused = database.execute(&format!("SET ROLE {role}; {sql}")).unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{sql}: {refused}");
    }
    // A plain owner has given up the right to change events as well.
    let acl = database.execute("SELECT relacl FROM pg_class WHERE relname = 'events'").unwrap();
    assert!(
        acl.contains("postgres=arxt/postgres"),
        "the owner may insert and read, not update, delete or truncate: {acl}"
    );
}
