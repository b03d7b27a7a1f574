//! One subscription over the WebSocket subprotocol `graphql-transport-ws`.

use anyhow::{Context as _, Result, bail, ensure};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::PATIENCE;

/// A running subscription; dropping it closes the connection.
#[derive(Debug)]
pub struct Subscription {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Subscription {
    pub(crate) async fn start(
        base: &str,
        headers: &[(String, String)],
        init: Value,
        query: &str,
        variables: Value,
    ) -> Result<Self> {
        let address = format!("{}/graphql", base.replacen("http", "ws", 1));
        let mut request = address.as_str().into_client_request()?;
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        for (name, value) in headers {
            request.headers_mut().insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        let (socket, _) = connect_async(request).await.with_context(|| format!("no socket at {address}"))?;
        let mut this = Self { socket };
        let init = if init.is_null() {
            json!({ "type": "connection_init" })
        } else {
            json!({ "type": "connection_init", "payload": init })
        };
        this.send(init).await?;
        let answer = this.message().await?.context("the server closed the connection at once")?;
        ensure!(answer["type"] == "connection_ack", "the server refused the connection: {answer}");
        let payload = json!({ "query": query, "variables": variables });
        this.send(json!({ "type": "subscribe", "id": "1", "payload": payload })).await?;
        Ok(this)
    }

    /// The next `data`, or nothing when the server has completed the subscription.
    ///
    /// # Errors
    /// When the server answers with errors or closes the connection (the error then carries the close code), or
    /// when nothing comes within [`PATIENCE`].
    pub async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            let Some(mut message) = self.message().await? else { return Ok(None) };
            match message["type"].as_str() {
                Some("next") if message["payload"].get("errors").is_none() => {
                    return Ok(Some(message["payload"]["data"].take()));
                }
                Some("ping") => self.send(json!({ "type": "pong" })).await?,
                Some("pong") => {}
                Some("complete") => return Ok(None),
                _ => bail!("the server answered {message}"),
            }
        }
    }

    /// Closes the connection and waits for the server's answer to that.
    ///
    /// # Errors
    /// When the server ends the connection without one, which clients take for a lost connection.
    pub async fn close(mut self) -> Result<()> {
        self.socket.close(None).await?;
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await;
            match message.with_context(|| format!("the close was not answered within {PATIENCE:?}"))? {
                Some(Ok(Message::Close(_))) => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error).context("the close was not answered"),
                None => bail!("the close was not answered"),
            }
        }
    }

    async fn send(&mut self, message: Value) -> Result<()> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }

    async fn message(&mut self) -> Result<Option<Value>> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await;
            match message.with_context(|| format!("no message within {PATIENCE:?}"))? {
                None => return Ok(None),
                Some(Ok(Message::Text(text))) => return Ok(Some(serde_json::from_str(&text)?)),
                Some(Ok(Message::Close(Some(frame)))) => {
                    bail!("the server closed the connection with {}: {}", u16::from(frame.code), frame.reason)
                }
                Some(Ok(Message::Close(None))) => return Ok(None),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error).context("the connection was lost"),
            }
        }
    }
}
