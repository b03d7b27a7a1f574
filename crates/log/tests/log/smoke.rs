use std::sync::Arc;

use trunkline_kernel::*;
use trunkline_log::*;

fn event(ids: &dyn Ids, n: u64) -> NewEvent {
    NewEvent {
        id: ids.next(),
        event_type: EventType::known("call.created"),
        schema_version: SchemaVersion::FIRST,
        tags: ["call:a".parse().unwrap(), "customer:b".parse().unwrap()].into_iter().collect(),
        payload: Payload::of(&serde_json::json!({ "n": n })).unwrap(),
        cause: Cause {
            actor: Actor::system("test"),
            command: ids.next(),
            correlation: ids.next(),
            causation: None,
            trace: None,
        },
        occurred_at: Timestamp::from_micros(5),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn smoke() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path().join("log.db"), SqliteOptions::default(), Arc::new(SystemClock))
        .await
        .unwrap();
    let log = Arc::new(log);
    let ids: Arc<dyn Ids> = Arc::new(RandomIds);
    let tasks: Vec<_> = (0..100u64)
        .map(|n| {
            let (log, ids) = (log.clone(), ids.clone());
            tokio::spawn(async move {
                let stream: StreamId = format!("call-{}", n % 40).parse().unwrap();
                log.append(Append {
                    writes: vec![StreamWrite {
                        stream,
                        expect: if n < 20 { Expect::NoStream } else { Expect::Any },
                        events: vec![event(&*ids, n)],
                    }],
                    checks: vec![],
                })
                .await
            })
        })
        .collect();
    for task in tasks {
        println!("{:?}", task.await.unwrap().map(|a| (a.first, a.versions)));
    }
    let page = log
        .read(&Query {
            filter: Filter {
                tags: vec!["call:a".parse().unwrap()],
                types: vec![EventType::known("call.created"), EventType::known("call.x")],
                stream: Some("call-3".parse().unwrap()),
                category: Some("call".to_owned()),
            },
            direction: Direction::Backwards,
            from: Some(Position(90)),
            until: Some(Position(2)),
            limit: 50,
        })
        .await
        .unwrap();
    println!(
        "{} {:?}",
        page.head,
        page.events.iter().map(|e| (e.position, e.version, e.is_intact())).collect::<Vec<_>>()
    );
    println!("{:?}", log.position_at(Timestamp::from_micros(i64::MAX)).await);
    log.close().await;
}
