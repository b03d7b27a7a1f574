//! t08: a place in a stream is not a place in the log. The compiler holds them apart, and so a checkpoint of a
//! follower of one stream is a position.

use std::sync::Arc;

use trunkline_kernel::{Position, Version};
use trunkline_log::{Feed, FeedLimits, Filter};

use super::trap;
use crate::contract::Place;
use crate::support::{Room, stream};

async fn t08_a_follower_of_one_stream_resumes_by_position(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    for _ in 0..10 {
        room.add("call-a").await;
        room.add("call-b").await;
        room.add("call-c").await;
    }
    let feed = Feed::start(Arc::clone(&room.log), FeedLimits { page: 3, ..FeedLimits::default() });
    let filter = Filter { stream: Some(stream("call-c")), ..Filter::default() };
    let mut checkpoint = Position::START;
    let mut seen = Vec::new();
    while seen.len() < 10 {
        // A new subscription each time, as after a restart.
        let batch = feed.subscribe(filter.clone(), checkpoint).next().await.unwrap();
        seen.extend(batch.events.iter().map(|event| (event.version, event.position)));
        checkpoint = batch.position;
    }
    let wanted: Vec<_> = (1..=10).map(|n| (Version(n), Position(n * 3))).collect();
    assert_eq!(seen, wanted);
}
trap!(t08_a_follower_of_one_stream_resumes_by_position: memory, sqlite, postgres, kurrent);
