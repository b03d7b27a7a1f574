use axum::routing::get;
use futures::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::config::Layers;

/// A server of these routes; nothing catches what panics in them.
async fn serve(routes: Router, stopping: CancellationToken) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let settings = Settings::of(&Layers::defaults().unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let grace = Duration::from_secs(30);
    let transport = Transport { routes, tls: None, settings: settings.transport, stopping, grace };
    (address, tokio::spawn(transport.serve(listener)))
}

async fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _cut = stream.read_to_string(&mut answer).await;
    answer
}

async fn panics() -> &'static str {
    panic!("a handler")
}

async fn panics_aside() -> String {
    let aside = tokio::spawn(async { panic!("a task of a handler") });
    format!("the task was lost: {}", aside.await.is_err_and(|error| error.is_panic()))
}

async fn panics_midway() -> Body {
    let parts = futures::stream::iter([1, 2]).map(|part| {
        assert!(part == 1, "the body of an answer");
        Ok::<_, Infallible>("half ".to_owned())
    });
    Body::from_stream(parts)
}

#[tokio::test]
async fn a_panic_takes_its_own_request_down_and_nothing_else() {
    let routes = Router::new()
        .route("/", get(|| async { "alive" }))
        .route("/handler", get(panics))
        .route("/task", get(panics_aside))
        .route("/body", get(panics_midway));
    let stopping = CancellationToken::new();
    let (address, server) = serve(routes, stopping.clone()).await;
    assert_eq!(ask(address, "/handler").await, "");
    assert!(ask(address, "/task").await.ends_with("the task was lost: true"));
    assert!(
        !ask(address, "/body").await.ends_with("0\r\n\r\n"),
        "half an answer does not look like a whole one"
    );
    assert!(ask(address, "/").await.ends_with("alive"));
    stopping.cancel();
    server.await.unwrap();
}

#[tokio::test]
async fn requests_under_way_end_before_the_server_does_and_new_ones_are_not_taken() {
    let (began, begins) = tokio::sync::oneshot::channel();
    let (end, ends) = tokio::sync::oneshot::channel::<()>();
    let parts = std::sync::Mutex::new(Some((began, ends)));
    let slow = move || {
        let (began, ends) = parts.lock().unwrap().take().unwrap();
        async move {
            began.send(()).unwrap();
            ends.await.unwrap();
            "done"
        }
    };
    let slow = Arc::new(slow);
    let routes = Router::new().route("/slow", get(move || slow()));
    let stopping = CancellationToken::new();
    let (address, server) = serve(routes, stopping.clone()).await;
    let asking = tokio::spawn(async move { ask(address, "/slow").await });
    begins.await.unwrap();
    stopping.cancel();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.is_finished());
    end.send(()).unwrap();
    assert!(asking.await.unwrap().ends_with("done"));
    server.await.unwrap();
}
