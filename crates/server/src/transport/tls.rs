//! TLS 1.3: certificates that are read again when they change, and services that are known by theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use trunkline_access::{Identity, Role};
use trunkline_kernel::{Actor, ActorKind};

use crate::config::TlsSettings;

/// Who the certificate of a connection says that it is.
#[derive(Clone, Debug)]
pub(crate) struct ClientCertificate {
    /// The service.
    pub(crate) identity: Identity,
    asked: Arc<AtomicBool>,
}

impl ClientCertificate {
    /// Whether this is the first request of the connection.
    pub(crate) fn is_first(&self) -> bool {
        !self.asked.swap(true, Ordering::Relaxed)
    }
}

/// Encrypts connections.
pub(crate) struct Tls {
    config: watch::Receiver<Arc<ServerConfig>>,
    services: BTreeMap<String, BTreeSet<Role>>,
}

impl Tls {
    /// Reads certificate and key, and reads them again when their files change, or on the signal SIGHUP. Files that cannot be used then are passed over, and the old ones stay in use.
    ///
    /// # Errors
    /// When they cannot be used now.
    pub(crate) fn start(files: TlsSettings, stopping: CancellationToken) -> anyhow::Result<Self> {
        let services = files.services.clone();
        let mut stamp = stamp(&files);
        let (sender, config) = watch::channel(Arc::new(read(&files)?));
        let mut hang_up = signal(SignalKind::hangup()).context("SIGHUP cannot be listened for")?;
        tokio::spawn(async move {
            let mut looks = tokio::time::interval(files.look);
            loop {
                let asked = tokio::select! {
                    _ = looks.tick() => false,
                    _ = hang_up.recv() => true,
                    () = stopping.cancelled() => return,
                };
                let now = self::stamp(&files);
                if now == stamp && !asked {
                    continue;
                }
                stamp = now;
                match read(&files) {
                    Ok(read) => {
                        sender.send_replace(Arc::new(read));
                        tracing::info!("the certificate was read again");
                    }
                    Err(error) => tracing::error!(
                        error = format!("{error:#}"),
                        "the new certificate cannot be used; the old one stays in use"
                    ),
                }
            }
        });
        Ok(Self { config, services })
    }

    /// Performs the handshake, and says who the client's certificate names when it names somebody known.
    ///
    /// # Errors
    /// When the client speaks no TLS 1.3, or brings a certificate that is not taken.
    pub(super) async fn accept<S>(&self, stream: S) -> io::Result<(TlsStream<S>, Option<ClientCertificate>)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config.borrow()));
        let stream = acceptor.accept(stream).await?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = certificate.and_then(|certificate| self.service(certificate));
        Ok((stream, certificate))
    }

    /// The service that a certificate names: the first of its DNS and URI names that is known.
    fn service(&self, certificate: &CertificateDer<'_>) -> Option<ClientCertificate> {
        let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
        let mut names = certificate.valid_dns_names().chain(certificate.valid_uri_names());
        let (name, roles) = names.find_map(|name| self.services.get_key_value(name))?;
        let actor = Actor::new(ActorKind::Service, name).ok()?;
        let identity = Identity { roles: roles.clone(), ..Identity::unrestricted(actor) };
        Some(ClientCertificate { identity, asked: Arc::default() })
    }
}

/// When each file was changed last. One that is not there has no time, and has one when it is there again.
fn stamp(files: &TlsSettings) -> Vec<Option<SystemTime>> {
    let all = [Some(&files.certificate), Some(&files.key), files.client_authority.as_ref()];
    all.into_iter()
        .flatten()
        .map(|file| std::fs::metadata(file).and_then(|file| file.modified()).ok())
        .collect()
}

fn read(files: &TlsSettings) -> anyhow::Result<ServerConfig> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .with_context(|| format!("{} (`tls.key`) holds no key in PEM", files.key.display()))?;
    let builder = ServerConfig::builder_with_protocol_versions(&[&rustls::version::TLS13]);
    let builder = match &files.client_authority {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(file)? {
                roots.add(authority).with_context(|| format!("{} is no authority", file.display()))?;
            }
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
            let verifier = if files.client_required { verifier } else { verifier.allow_unauthenticated() };
            builder.with_client_cert_verifier(verifier.build()?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).context("certificate and key do not fit")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let unreadable = || format!("{} cannot be read as certificates in PEM", file.display());
    let read = CertificateDer::pem_file_iter(file).with_context(unreadable)?;
    let read: Vec<_> = read.collect::<Result<_, _>>().with_context(unreadable)?;
    if read.is_empty() {
        bail!("{} holds no certificate", file.display());
    }
    Ok(read)
}
