use crate::support::{connect, prefix, settings};
use chat_domain::{Change, ChangeKind, ConversationId, Epoch, Landmark, Pos, Timestamp, UserId};
use chat_redis::RedisLandmarks;
use chat_testkit::servers::RedisServer;
use uuid::Uuid;

fn landmark(pos: u64, at: i64) -> Landmark {
    Landmark::of(&Change {
        conversation_id: ConversationId::new(Uuid::from_u128(1)),
        pos: Pos::new(pos),
        at: Timestamp::from_unix_micros(at),
        kind: ChangeKind::ParticipantRemoved { user_id: UserId::new(Uuid::nil()) },
    })
}

#[tokio::test]
async fn of_two_nodes_landmarks_the_later_one_stays_and_each_epoch_has_its_own() {
    let settings = settings(RedisServer::shared(), &prefix());
    let (one, other) = (connect(settings.clone()).await, connect(settings).await);
    let (one, other) = (RedisLandmarks::new(&one), RedisLandmarks::new(&other));
    let [epoch, next] = [1, 2].map(|number| Epoch::new(Uuid::from_u128(number)));
    assert_eq!(one.find(epoch).await, None);
    let (early, late) = (landmark(3, 1_700_000_000_000_001), landmark(2, 1_700_000_000_000_002));
    assert!(one.note(epoch, late).await);
    assert!(other.note(epoch, early).await);
    assert_eq!(other.find(epoch).await, Some(late));
    assert!(other.note(next, early).await);
    assert_eq!((one.find(epoch).await, one.find(next).await), (Some(late), Some(early)));
}

#[tokio::test]
async fn without_redis_nothing_is_noted_or_found() {
    let server = RedisServer::start();
    let landmarks = RedisLandmarks::new(&connect(settings(&server, &prefix())).await);
    server.stop();
    let epoch = Epoch::new(Uuid::nil());
    assert!(!landmarks.note(epoch, landmark(1, 1)).await);
    assert_eq!(landmarks.find(epoch).await, None);
}
