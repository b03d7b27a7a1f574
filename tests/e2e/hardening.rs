//! What a hostile or clumsy client cannot do: ask too much, try tokens, hold connections, or use a browser against
//! this machine.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use trunkline_testkit::{Serving, TrunklineProcess};

use crate::binary::run;

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

struct Server {
    folder: tempfile::TempDir,
    serving: Serving,
    http: Client,
}

impl Server {
    async fn with(settings: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let serving = TrunklineProcess::serve_with(folder.path(), &SERVE, settings).await?;
        Ok(Self { folder, serving, http: Client::new() })
    }

    fn base(&self) -> &str {
        self.serving.client.base()
    }

    async fn token(&self, subject: &str) -> Result<String> {
        let arguments = ["token", "issue", "--subject", subject, "--role", "auditor"];
        Ok(run(self.folder.path(), &arguments).await?.success()?.trim().to_owned())
    }

    async fn ask(&self, token: &str) -> Result<Response> {
        let request =
            self.http.post(format!("{}/graphql", self.base())).json(&json!({"query": "{ __typename }"}));
        Ok(request.bearer_auth(token).send().await?)
    }

    async fn get(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Response> {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| Ok((name.parse()?, value.parse()?))).collect::<Result<_>>()?;
        Ok(self.http.get(format!("{}{path}", self.base())).headers(headers).send().await?)
    }

    async fn connect(&self) -> Result<TcpStream> {
        Ok(TcpStream::connect(self.base().trim_start_matches("http://")).await?)
    }
}

/// The seconds of `Retry-After` of an answer that says "too many".
fn retry_after(response: &Response) -> Result<u64> {
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    Ok(response.headers().get(RETRY_AFTER).context("it says when to come again")?.to_str()?.parse()?)
}

#[tokio::test]
async fn each_subject_may_ask_so_much_and_no_more() -> Result<()> {
    let settings = [
        ("TRUNKLINE_IDENTITY_REQUIRED", "true"),
        ("TRUNKLINE_LIMITS_REQUESTS_PER_SECOND", "0.001"),
        ("TRUNKLINE_LIMITS_REQUESTS_BURST", "4"),
    ];
    let server = Server::with(&settings).await?;
    let (one, other) = (server.token("li.wei").await?, server.token("wang.fang").await?);
    for _ in 0..4 {
        assert_eq!(server.ask(&one).await?.status(), 200);
    }
    let refused = server.ask(&one).await?;
    assert!((1..=1_000).contains(&retry_after(&refused)?));
    assert_eq!(
        refused.json::<serde_json::Value>().await?["errors"][0]["extensions"]["code"],
        "TOO_MANY_REQUESTS"
    );
    assert_eq!(server.ask(&other).await?.status(), 200);
    // A WebSocket is no way around it: each connection and each operation counts.
    let socket = server.serving.client.clone().with_header("authorization", &format!("Bearer {other}"));
    let mut first = socket.subscribe("{ __typename }", json!({})).await?;
    assert_eq!(first.next().await?, Some(json!({"__typename": "Query"})));
    let mut second = socket.subscribe("{ __typename }", json!({})).await?;
    let refused = second.next().await.unwrap_err().to_string();
    assert!(refused.contains("TOO_MANY_REQUESTS"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn whoever_tries_tokens_has_to_wait_and_others_at_the_same_address_need_not() -> Result<()> {
    let settings =
        [("TRUNKLINE_LIMITS_BAD_TOKENS_FREE", "2"), ("TRUNKLINE_LIMITS_BAD_TOKEN_WAIT_MS", "60000")];
    let server = Server::with(&settings).await?;
    let (known, unknown) = (server.token("li.wei").await?, server.token("wang.fang").await?);
    assert_eq!(server.ask(&known).await?.status(), 200);
    for number in 0..3 {
        assert_eq!(server.ask(&format!("guess{number}")).await?.status(), 401);
    }
    assert!((50..=60).contains(&retry_after(&server.ask("guess").await?)?));
    // Even the right token is not looked at now, or trying would go on; one that was right before is.
    retry_after(&server.ask(&unknown).await?)?;
    assert_eq!(server.ask(&known).await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn strangers_may_ask_less() -> Result<()> {
    let settings = [
        ("TRUNKLINE_IDENTITY_REQUIRED", "true"),
        ("TRUNKLINE_LIMITS_STRANGERS_PER_SECOND", "0.001"),
        ("TRUNKLINE_LIMITS_STRANGERS_BURST", "2"),
    ];
    let server = Server::with(&settings).await?;
    assert_eq!(server.get("/ide/plain.html", &[]).await?.status(), 200);
    assert_eq!(server.get("/graphql", &[]).await?.status(), 401);
    retry_after(&server.get("/graphql", &[]).await?)?;
    let token = server.token("li.wei").await?;
    assert_eq!(server.ask(&token).await?.status(), 200, "whoever has a token is no stranger");
    Ok(())
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful_and_no_other_page_may_ask() -> Result<()> {
    let server = Server::with(&[]).await?;
    let health = server.get("/healthz", &[("origin", "https://crm.example")]).await?;
    let strict = "default-src 'none'; frame-ancestors 'none'";
    for (name, value) in [
        ("content-security-policy", strict),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(health.headers()[name], value, "{name}");
    }
    for name in ["access-control-allow-origin", "strict-transport-security", "server"] {
        assert!(!health.headers().contains_key(name), "{name}");
    }
    let page = server.get("/graphql", &[("accept", "text/html")]).await?;
    assert!(page.headers()["content-security-policy"].to_str()?.contains("script-src 'self'"));
    let socket = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "graphql-transport-ws"),
    ];
    let from = |origin| [&socket[..], &[("origin", origin)]].concat();
    assert_eq!(server.get("/graphql", &from("https://evil.example")).await?.status(), 403);
    assert_eq!(server.get("/graphql", &from(server.base())).await?.status(), 101);
    let rebound = server.get("/graphql?query=%7B__typename%7D", &[("host", "evil.example")]).await?;
    assert_eq!(rebound.status(), 421);
    let forwarded =
        server.get("/graphql?query=%7B__typename%7D", &[("x-forwarded-for", "192.0.2.1")]).await?;
    assert_eq!(forwarded.status(), 401, "behind a proxy anybody may be asking");
    Ok(())
}

#[tokio::test]
async fn pages_of_configured_origins_may_ask() -> Result<()> {
    let server = Server::with(&[("TRUNKLINE_CORS_ORIGINS", "https://crm.example")]).await?;
    let preflight = async |origin: &str| -> Result<Response> {
        let request = server.http.request(reqwest::Method::OPTIONS, format!("{}/graphql", server.base()));
        let request = request.header("origin", origin).header("access-control-request-method", "POST");
        Ok(request.header("access-control-request-headers", "authorization,content-type").send().await?)
    };
    let allowed = preflight("https://crm.example").await?;
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://crm.example");
    assert!(allowed.headers()["access-control-allow-headers"].to_str()?.contains("authorization"));
    assert!(!preflight("https://evil.example").await?.headers().contains_key("access-control-allow-origin"));
    Ok(())
}

#[tokio::test]
async fn nobody_holds_a_connection_with_half_a_request_or_a_huge_one() -> Result<()> {
    let settings = [
        ("TRUNKLINE_LIMITS_HEADER_READ_MS", "300"),
        ("TRUNKLINE_LIMITS_REQUEST_MAX_MS", "400"),
        ("TRUNKLINE_LIMITS_HEADER_BYTES_MAX", "8192"),
    ];
    let server = Server::with(&settings).await?;
    let exchange = async |request: &[u8]| -> Result<String> {
        let mut stream = server.connect().await?;
        stream.write_all(request).await?;
        let mut answer = Vec::new();
        // Whoever sends too much may find the connection reset before the answer is read.
        let _reset = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let began = Instant::now();
    let slow = exchange(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await?;
    assert!(slow.is_empty() || slow.starts_with("HTTP/1.1 408"), "{slow}");
    assert!(began.elapsed() >= Duration::from_millis(300));
    let half = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    let half = exchange(half.as_bytes()).await?;
    assert!(half.starts_with("HTTP/1.1 408"), "{half}");
    let huge = format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-huge: {}\r\n\r\n", "x".repeat(9_000));
    let huge = exchange(huge.as_bytes()).await?;
    assert!(huge.starts_with("HTTP/1.1 431"), "{huge}");
    let many: String = (0..200).map(|number| format!("x-{number}: y\r\n")).collect();
    let many = exchange(format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{many}\r\n").as_bytes()).await?;
    assert!(many.starts_with("HTTP/1.1 431"), "{many}");
    assert_eq!(server.serving.client.page("/healthz").await?, "alive\n");
    Ok(())
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() -> Result<()> {
    let server = Server::with(&[("TRUNKLINE_LIMITS_CONNECTIONS_MAX", "1")]).await?;
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut first = server.connect().await?;
    first.write_all(request).await?;
    let mut some = [0; 12];
    first.read_exact(&mut some).await?;
    assert_eq!(&some, b"HTTP/1.1 200");
    let mut second = server.connect().await?;
    second.write_all(request).await?;
    let early = tokio::time::timeout(Duration::from_millis(300), second.read(&mut some)).await;
    assert!(early.is_err(), "the second connection was answered while the first was open");
    drop(first);
    second.read_exact(&mut some).await?;
    assert_eq!(&some, b"HTTP/1.1 200");
    Ok(())
}
