//! Asking the provider: what it says of itself, its keys, and whether a token holds.

use reqwest::header::ACCEPT;
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use trunkline_kernel::Clock;

use super::keys::Keys;
use super::{ProviderError, ProviderOptions};
use crate::claims::Claims;

/// What a provider says of itself (OpenID Connect Discovery 1.0, 3).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Description {
    issuer: String,
    jwks_uri: String,
    pub(super) introspection_endpoint: Option<String>,
}

/// Its keys as they come; one that is not understood does not spoil the others.
#[derive(Deserialize)]
pub(super) struct Published {
    pub(super) keys: Vec<Value>,
}

/// Asks the provider.
pub(super) struct Asker {
    http: Client,
    issuer: String,
    client_id: String,
    client_secret: String,
    answer_bytes_max: usize,
    places: Semaphore,
}

impl Asker {
    pub(super) fn new(options: &ProviderOptions) -> Result<Self, ProviderError> {
        trusted(&options.issuer)?;
        let http = Client::builder()
            .timeout(options.timeout)
            .connect_timeout(options.timeout)
            // Whoever could send us elsewhere could be the provider.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            http,
            issuer: options.issuer.clone(),
            client_id: options.client_id.clone(),
            client_secret: options.client_secret.clone(),
            answer_bytes_max: options.answer_bytes_max,
            places: Semaphore::new(options.questions_max),
        })
    }

    /// What it says of itself, and its keys.
    pub(super) async fn describe(&self) -> Result<(Description, Published), ProviderError> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let description: Description = self.send(self.http.get(address)).await?;
        if description.issuer != self.issuer {
            return Err(ProviderError::OtherName { given: description.issuer });
        }
        let published = self.send(self.http.get(trusted(&description.jwks_uri)?)).await?;
        Ok((description, published))
    }

    /// What it says of a token; nothing when it does not hold.
    pub(super) async fn introspect(
        &self,
        token: &str,
        keys: &Keys,
        clock: &dyn Clock,
    ) -> Result<Option<Claims>, ProviderError> {
        let endpoint =
            keys.introspection_endpoint(self, clock).await?.ok_or(ProviderError::NoIntrospection)?;
        let question = self
            .http
            .post(trusted(&endpoint)?)
            .basic_auth(&self.client_id, Some(&self.client_secret))
            .form(&[("token", token), ("token_type_hint", "access_token")]);
        let said: Map<String, Value> = self.send(question).await?;
        let active = said.get("active").and_then(Value::as_bool).unwrap_or_default();
        Ok(active.then_some(Claims(said)))
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ProviderError> {
        // The semaphore is never closed, so that waiting for a place cannot fail.
        let _place = self.places.acquire().await;
        let mut response = request.header(ACCEPT, "application/json").send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await? {
            body.extend_from_slice(&part);
            if body.len() > self.answer_bytes_max {
                return Err(ProviderError::TooLarge { limit: self.answer_bytes_max });
            }
        }
        Ok(serde_json::from_slice(&body)?)
    }
}

/// An address that nobody on the way can answer for.
fn trusted(address: &str) -> Result<Url, ProviderError> {
    let insecure = || ProviderError::Insecure { address: address.to_owned() };
    let url = Url::parse(address).map_err(|_| insecure())?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here =
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        _ => Err(insecure()),
    }
}
