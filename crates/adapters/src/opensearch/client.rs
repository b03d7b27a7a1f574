//! The HTTP client: one request, and what its answer means for the batch as a whole.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Certificate, Client, RequestBuilder, StatusCode, Url};

use super::bulk::{Batch, FILTER_PATH, Fate, Misunderstood};

/// How we prove who we are.
#[derive(Clone)]
pub enum Credentials {
    /// Nobody asks.
    None,
    /// A name and a password.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// An API key, as the service hands it out in Base64.
    ApiKey(String),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "no credentials",
            Self::Basic { .. } => "a password",
            Self::ApiKey(_) => "an API key",
        })
    }
}

/// Where the service is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its address.
    pub url: String,
    /// How we prove who we are.
    pub credentials: Credentials,
    /// Certificates in PEM of the authority that the service's is from, when it is none that the machine knows.
    pub authority: Option<Vec<u8>>,
    /// How long one request may take.
    pub timeout: Duration,
    /// The longest answer, in bytes.
    pub answer_bytes_max: usize,
}

/// A connection that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidConnection {
    /// The address is none.
    #[error("the address is not one")]
    Address,
    /// The certificates of the authority cannot be read.
    #[error("the certificates of the authority cannot be used")]
    Authority(#[source] reqwest::Error),
    /// No client can be made.
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
}

/// Why a batch was not looked at document by document. Answers are not quoted, because they quote documents.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// It is more than the service takes at once.
    #[error("a batch is more than the service takes")]
    TooLarge,
    /// The service has too much to do.
    #[error("the service has too much to do: status {status}")]
    Busy {
        /// The status.
        status: u16,
        /// How long it asks us to wait.
        wait: Option<Duration>,
    },
    /// The service does not let us in.
    #[error(
        "the service does not take our credentials: status {0}; see `opensearch.user` and `opensearch.api_key`"
    )]
    Unauthorised(u16),
    /// The service says something else.
    #[error("the service answers with status {0}")]
    Status(u16),
    /// It cannot be reached, or does not answer in time.
    #[error("the service cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The answer is too long.
    #[error("the answer is longer than {limit} bytes (`opensearch.answer_bytes_max`)")]
    AnswerTooLong {
        /// The limit.
        limit: usize,
    },
    /// The answer cannot be understood.
    #[error("the answer cannot be understood")]
    Misunderstood(#[from] Misunderstood),
}

impl From<reqwest::Error> for Refused {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(error.without_url())
    }
}

/// Speaks to one service.
pub(super) struct Service {
    http: Client,
    bulk: Url,
    credentials: Credentials,
    answer_bytes_max: usize,
}

impl Service {
    pub(super) fn new(connection: &Connection) -> Result<Self, InvalidConnection> {
        let mut builder =
            Client::builder().timeout(connection.timeout).redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = &connection.authority {
            for certificate in Certificate::from_pem_bundle(pem).map_err(InvalidConnection::Authority)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let base = connection.url.trim_end_matches('/');
        let mut bulk = Url::parse(&format!("{base}/_bulk")).map_err(|_| InvalidConnection::Address)?;
        bulk.query_pairs_mut().append_pair("filter_path", FILTER_PATH);
        Ok(Self {
            http: builder.build().map_err(InvalidConnection::Client)?,
            bulk,
            credentials: connection.credentials.clone(),
            answer_bytes_max: connection.answer_bytes_max,
        })
    }

    /// Sends a batch once; gives what became of each document.
    pub(super) async fn send(&self, batch: &Batch) -> Result<Vec<Fate>, Refused> {
        let request = self.http.post(self.bulk.clone()).body(batch.body());
        let request = request.header(CONTENT_TYPE, "application/x-ndjson").header(ACCEPT, "application/json");
        let mut response = self.authorised(request).send().await?;
        let status = response.status();
        match status {
            StatusCode::OK => {}
            StatusCode::PAYLOAD_TOO_LARGE => return Err(Refused::TooLarge),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(Refused::Unauthorised(status.as_u16()));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let wait =
                    response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
                return Err(Refused::Busy { status: status.as_u16(), wait: wait.map(Duration::from_secs) });
            }
            _ => return Err(Refused::Status(status.as_u16())),
        }
        let mut answer = Vec::new();
        while let Some(part) = response.chunk().await? {
            if answer.len() + part.len() > self.answer_bytes_max {
                return Err(Refused::AnswerTooLong { limit: self.answer_bytes_max });
            }
            answer.extend_from_slice(&part);
        }
        Ok(batch.fates(&answer)?)
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.credentials {
            Credentials::None => request,
            Credentials::Basic { user, password } => request.basic_auth(user, Some(password)),
            Credentials::ApiKey(key) => request.header("authorization", format!("ApiKey {key}")),
        }
    }
}
