//! Connections: how they are accepted, what bounds them, and how they end when the server stops.

mod place;
#[cfg(test)]
mod tests;
mod tls;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::config::{Settings, TransportSettings};
use place::Placed;
pub(crate) use tls::{ClientCertificate, Tls};

/// How long accepting pauses after a fault that is not one connection's, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Answers requests. After `stopping` no new ones are taken, and those under way have `grace` to end.
pub(crate) struct Transport {
    /// What answers.
    pub(crate) routes: Router,
    /// How connections are encrypted; absent, they are not.
    pub(crate) tls: Option<Tls>,
    /// What bounds them.
    pub(crate) settings: TransportSettings,
    /// When it is cancelled, the server stops.
    pub(crate) stopping: CancellationToken,
    /// How long requests under way then have.
    pub(crate) grace: Duration,
}

impl Transport {
    /// Serves until it is to stop.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let grace = self.grace;
        let this = Arc::new(self);
        let connections = TaskTracker::new();
        let places = Arc::new(Semaphore::new(this.settings.connections_max));
        let accept = async {
            loop {
                // The semaphore is never closed.
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let (stream, peer) = accept(&listener).await;
                let transport = Arc::clone(&this);
                connections.spawn(async move { transport.converse(Placed::new(stream, place), peer).await });
            }
        };
        tokio::select! {
            () = accept => {}
            () = this.stopping.cancelled() => {}
        }
        drop(listener);
        connections.close();
        if tokio::time::timeout(grace, connections.wait()).await.is_err() {
            tracing::warn!(
                grace_s = grace.as_secs(),
                "requests were still under way when the time to stop was over"
            );
        }
    }

    async fn converse(&self, stream: Placed<TcpStream>, peer: SocketAddr) {
        let Some(tls) = &self.tls else { return self.answer(stream, peer, None).await };
        let handshake = tokio::time::timeout(self.settings.handshake, tls.accept(stream));
        tokio::select! {
            accepted = handshake => match accepted {
                Ok(Ok((stream, certificate))) => self.answer(stream, peer, certificate).await,
                Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
                Err(_) => tracing::debug!("a handshake took too long"),
            },
            () = self.stopping.cancelled() => {}
        }
    }

    async fn answer<I>(&self, stream: I, peer: SocketAddr, certificate: Option<ClientCertificate>)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            if let Some(certificate) = &certificate {
                request.extensions_mut().insert(certificate.clone());
            }
            let routes = self.routes.clone();
            async move {
                Ok::<_, Infallible>(
                    routes.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {}),
                )
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.settings.header_read)
            .max_header_size(self.settings.header_bytes_max)
            .max_headers(self.settings.headers_max)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = self.stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            // Clients come and go; which bytes they sent is nobody's business.
            tracing::trace!(%error, "a connection ended with an error");
        }
    }
}

/// The next connection. Faults of one connection are passed over, and others waited out.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are whole when they are written; waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if [ConnectionAborted, ConnectionRefused, ConnectionReset].contains(&error.kind()) => {
            }
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Listens where the configuration says.
///
/// # Errors
/// When the address is in use or not this machine's, or connections from elsewhere would not be encrypted.
pub(crate) async fn listen(settings: &Settings) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let Settings { listen, transport, .. } = settings;
    if !listen.ip().is_loopback() && transport.tls.is_none() && !transport.plain_http {
        bail!(
            "plain HTTP on {listen} (`server.listen`) would show every token and customer to whoever is on the way: \
             set `tls.certificate` and `tls.key`, or `server.plain_http = true` when a proxy in front does TLS"
        );
    }
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen} (`server.listen`)"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
