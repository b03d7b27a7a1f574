//! A connection that can be cut: a proxy on a port of its own in front of a real server.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A TCP proxy that a test cuts and mends again.
///
/// While cut, it closes every connection, the old and the new ones.
#[derive(Debug)]
pub struct Cable {
    port: u16,
    whole: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Cable {
    /// A whole cable to `server`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no free port for a cable")?;
        let port = listener.local_addr()?.port();
        let (whole, state) = watch::channel(true);
        let task = tokio::spawn(accept(listener, server, state));
        Ok(Self { port, whole, task })
    }

    /// The port on 127.0.0.1 to connect to instead of the server's.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Closes all connections and refuses new ones.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.cut();
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, state: watch::Receiver<bool>) {
    while let Ok((client, _)) = listener.accept().await {
        if *state.borrow() {
            tokio::spawn(carry(client, server, state.clone()));
        }
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, mut state: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    // However the copy ends, both ends see a closed connection, which is all that a cable does.
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = state.wait_for(|whole| !whole) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Redis;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn ping(stream: &mut TcpStream) -> std::io::Result<usize> {
        stream.write_all(b"PING\r\n").await?;
        stream.read(&mut [0; 16]).await
    }

    #[tokio::test]
    async fn carries_until_it_is_cut_and_again_when_mended() {
        let server = SocketAddr::from(([127, 0, 0, 1], Redis::shared().unwrap().port()));
        let cable = Cable::to(server).await.unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", cable.port())).await.unwrap();
        assert_eq!(ping(&mut stream).await.unwrap(), "+PONG\r\n".len());
        cable.cut();
        assert!(!matches!(ping(&mut stream).await, Ok(length) if length > 0), "a cut cable carries nothing");
        cable.mend();
        let mut stream = TcpStream::connect(("127.0.0.1", cable.port())).await.unwrap();
        assert_eq!(ping(&mut stream).await.unwrap(), "+PONG\r\n".len());
    }
}
