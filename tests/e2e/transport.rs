//! Connections: TLS 1.3 and nothing older, certificates that change while the server runs, services known by theirs.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use trunkline_testkit::{TrunklineProcess, wait_for};

use crate::binary::{exported, run};

const NAME: &str = "trunkline.example";

/// An authority that signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// A certificate with its key, both as PEM.
    fn sign(&self, name: &str) -> Result<(String, String)> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &self.issuer)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// Puts a new certificate of the server in place, each file at once.
    fn install(&self, folder: &Path) -> Result<()> {
        let (certificate, key) = self.sign(NAME)?;
        for (name, text) in [("key.pem", key), ("certificate.pem", certificate)] {
            std::fs::write(folder.join("new"), text)?;
            std::fs::rename(folder.join("new"), folder.join(name))?;
        }
        Ok(())
    }
}

/// A server with TLS, and what its clients need.
struct Encrypted {
    process: TrunklineProcess,
    address: String,
    authority: Authority,
}

impl Encrypted {
    async fn serve(folder: &Path, more: &str) -> Result<Self> {
        let authority = Authority::new()?;
        authority.install(folder)?;
        std::fs::write(folder.join("authority.pem"), &authority.pem)?;
        let config = format!(
            "[tls]\ncertificate = \"certificate.pem\"\nkey = \"key.pem\"\nlook_ms = 50\n{more}\n[identity]\nrequired = true\n"
        );
        std::fs::write(folder.join("c.toml"), config)?;
        let arguments = ["--config", "c.toml", "serve", "--listen", "127.0.0.1:0"];
        let mut process = TrunklineProcess::start(folder, &arguments)?;
        loop {
            let Some(line) = process.line().await? else { bail!("it ended: {}", process.said()) };
            if let Some(address) = line.strip_prefix("serving on https://") {
                return Ok(Self { address: address.trim().to_owned(), process, authority });
            }
        }
    }

    fn client(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        identity: Option<(String, String)>,
    ) -> Result<TlsConnector> {
        // The first of the tests in this process sets it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.pem.as_bytes())?)?;
        let builder = ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder.with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes())?],
                PrivateKeyDer::from_pem_slice(key.as_bytes())?,
            )?,
        };
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// Sends a request on a new connection; gives the whole answer and the server's certificate.
    async fn ask(&self, client: &TlsConnector, request: &str) -> Result<(String, Vec<u8>)> {
        let stream = TcpStream::connect(&self.address).await?;
        let mut stream = client.connect(ServerName::try_from(NAME)?, stream).await?;
        let certificate =
            stream.get_ref().1.peer_certificates().and_then(<[_]>::first).context("a certificate")?;
        let certificate = certificate.to_vec();
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok((answer, certificate))
    }
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: trunkline.example\r\nconnection: close\r\n\r\n";

fn mutation() -> String {
    let body = r#"{"query": "mutation { registerCustomer(input: {kind: COMPANY}) { id } }"}"#;
    format!(
        "POST /graphql HTTP/1.1\r\nhost: {NAME}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn tls_1_3_is_spoken_and_tls_1_2_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Encrypted::serve(folder.path(), "").await?;
    let (answer, _) = server.ask(&server.client(&[&rustls::version::TLS13], None)?, HEALTH).await?;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("alive\n"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000\r\n"), "{answer}");
    let old = server.ask(&server.client(&[&rustls::version::TLS12], None)?, HEALTH).await;
    let error = format!("{:#}", old.unwrap_err());
    assert!(error.contains("ProtocolVersion"), "{error}");
    // Nor is plain HTTP answered on that port.
    let mut plain = TcpStream::connect(&server.address).await?;
    plain.write_all(HEALTH.as_bytes()).await?;
    let mut answer = Vec::new();
    let _reset = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert!(server.process.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn a_new_certificate_is_used_without_a_restart_and_a_broken_one_is_not() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Encrypted::serve(folder.path(), "").await?;
    let client = server.client(&[&rustls::version::TLS13], None)?;
    let (_, first) = server.ask(&client, HEALTH).await?;
    server.authority.install(folder.path())?;
    let changed = async |from: &[u8]| {
        wait_for("the new certificate", async || {
            let (_, now) = server.ask(&client, HEALTH).await?;
            Ok((now != from).then_some(now))
        })
        .await
    };
    let second = changed(&first).await?;
    let text = std::fs::read(folder.path().join("certificate.pem"))?;
    assert_eq!(second, CertificateDer::from_pem_slice(&text)?.to_vec());
    std::fs::write(folder.path().join("certificate.pem"), "not a certificate")?;
    let id = server.process.id().context("it runs")?.to_string();
    assert!(std::process::Command::new("kill").args(["-s", "HUP", &id]).status()?.success());
    wait_for("the report about the broken file", async || {
        Ok(server.process.said().contains("the old one stays in use").then_some(()))
    })
    .await?;
    let (answer, still) = server.ask(&client, HEALTH).await?;
    assert!(answer.ends_with("alive\n") && still == second);
    Ok(())
}

#[tokio::test]
async fn a_service_is_known_by_its_certificate() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let more = "client_authority = \"authority.pem\"\nservices = \"export.example = service\"";
    let server = Encrypted::serve(folder.path(), more).await?;
    let with = |identity| server.client(&[&rustls::version::TLS13], identity);
    let (answer, _) = server.ask(&with(None)?, &mutation()).await?;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let stranger = server.authority.sign("somebody.example")?;
    let (answer, _) = server.ask(&with(Some(stranger))?, &mutation()).await?;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let forged = Authority::new()?.sign("export.example")?;
    assert!(server.ask(&with(Some(forged))?, &mutation()).await.is_err(), "nobody vouches for it");
    let service = server.authority.sign("export.example")?;
    let (answer, _) = server.ask(&with(Some(service))?, &mutation()).await?;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(server.process.stop().await?.success());
    let events = exported(folder.path(), &["--type", "customer.registered"]).await?;
    assert_eq!(events.iter().map(|event| &event["actor"]).collect::<Vec<_>>(), ["service:export.example"]);
    Ok(())
}

#[tokio::test]
async fn whoever_has_no_certificate_is_refused_where_one_is_required() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let more = "client_authority = \"authority.pem\"\nclient_required = true";
    let server = Encrypted::serve(folder.path(), more).await?;
    let versions = [&rustls::version::TLS13];
    let none = server.ask(&server.client(&versions, None)?, HEALTH).await;
    assert!(format!("{:#}", none.unwrap_err()).contains("CertificateRequired"));
    let some = server.authority.sign("anybody.example")?;
    let (answer, _) = server.ask(&server.client(&versions, Some(some))?, HEALTH).await?;
    assert!(answer.ends_with("alive\n"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn plain_http_beyond_this_machine_takes_a_setting_and_tokens() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let everywhere = ["serve", "--listen", "0.0.0.0:0"];
    let done = run(folder.path(), &everywhere).await?;
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("`server.plain_http = true`"), "{}", done.err);
    let permitted = [("TRUNKLINE_SERVER_PLAIN_HTTP", "true")];
    let serving = TrunklineProcess::serve_with(folder.path(), &everywhere, &permitted).await?;
    let refused = serving.client.answer("{ __typename }", serde_json::json!({})).await?;
    assert_eq!(refused.status, 401);
    let demo = run(folder.path(), &["demo", "--listen", "0.0.0.0:0"]).await?;
    assert!(demo.err.contains("loopback address only"), "{}", demo.err);
    Ok(())
}
