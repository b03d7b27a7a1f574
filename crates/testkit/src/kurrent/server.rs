//! Listening, and the life of connections.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::faults::{Fault, Faults};
use super::service::{Service, routes};
use super::store::Store;

/// Every task that serves a connection, so that all of them can be broken at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections(Arc<Mutex<JoinSet<()>>>);

impl Connections {
    pub(super) fn break_all(&self) {
        self.0.lock().abort_all();
    }

    async fn shut_down(&self) {
        let mut tasks = std::mem::take(&mut *self.0.lock());
        tasks.shutdown().await;
    }
}

impl<F> hyper::rt::Executor<F> for Connections
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.lock().spawn(task);
    }
}

/// A KurrentDB server in this process: see the module.
#[derive(Debug)]
pub struct KurrentServer {
    service: Service,
    connections: Connections,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl KurrentServer {
    /// Starts an empty server on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let connections = Connections::default();
        let service = Service {
            address: listener.local_addr()?,
            store: Arc::new(Store::new()),
            faults: Arc::new(Faults::new(connections.clone())),
        };
        let server = Self { service, connections, listening: Mutex::new(None) };
        server.listen(listener);
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.service.address
    }

    /// What a client connects with. It looks for the server every 10 ms rather than every 500 ms.
    pub fn connection_string(&self) -> String {
        format!("kurrentdb://{}?tls=false&discoveryInterval=10", self.service.address)
    }

    /// Closes the port and breaks all connections. What was appended is kept.
    pub async fn stop(&self) {
        let listening = self.listening.lock().take();
        if let Some(task) = listening {
            task.abort();
            // The task ends by being aborted, and the port is closed when it has.
            task.await.ok();
        }
        self.connections.shut_down().await;
    }

    /// Serves again on the same port after [`KurrentServer::stop`].
    ///
    /// # Errors
    /// When the port has been taken by another program meanwhile.
    pub async fn start_again(&self) -> anyhow::Result<()> {
        let listener = TcpListener::bind(self.service.address).await?;
        self.listen(listener);
        Ok(())
    }

    /// Breaks all connections; new ones are welcome.
    pub fn break_connections(&self) {
        self.connections.break_all();
    }

    /// Makes one append go wrong: the next one, or the one after those asked for before.
    pub fn on_next_append(&self, fault: Fault) {
        self.service.faults.on_next_append(fault);
    }

    /// Makes the next append wait before it is written until the answer is used or dropped.
    pub fn hold_next_append(&self) -> oneshot::Sender<()> {
        let (release, held) = oneshot::channel();
        self.on_next_append(Fault::Hold(held));
        release
    }

    /// Refuses the next `count` reads and subscriptions.
    pub fn refuse_reads(&self, count: u64) {
        self.service.faults.refuse_reads(count);
    }

    /// While `true`, subscriptions stay open and say nothing: lost notifications.
    pub fn silence_subscriptions(&self, silent: bool) {
        self.service.faults.silence_subscriptions(silent);
    }

    /// How many appends have arrived, those that went wrong included.
    pub fn appends_seen(&self) -> watch::Receiver<u64> {
        self.service.faults.appends_seen()
    }

    fn listen(&self, listener: TcpListener) {
        let connections = self.connections.clone();
        let app = TowerToHyperService::new(routes(&self.service));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // As every gRPC server does; it fails only on a socket that is gone already.
                socket.set_nodelay(true).ok();
                let protocol = hyper::server::conn::http2::Builder::new(connections.clone());
                let connection = protocol.serve_connection(TokioIo::new(socket), app.clone());
                let serve = async move {
                    // A connection that breaks is the client's to notice; a test of it asks for that.
                    connection.await.ok();
                };
                hyper::rt::Executor::execute(&connections, serve);
            }
        });
        *self.listening.lock() = Some(task);
    }
}

impl Drop for KurrentServer {
    fn drop(&mut self) {
        if let Some(task) = self.listening.lock().take() {
            task.abort();
        }
        self.connections.break_all();
    }
}
