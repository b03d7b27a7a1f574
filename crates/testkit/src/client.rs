//! GraphQL over HTTP, as a client of Trunkline speaks it.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::Subscription;

/// A client of one server.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    headers: Vec<(String, String)>,
}

/// What a server answered to one GraphQL request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status of the HTTP response.
    pub status: u16,
    /// The whole body: `data`, `errors`, `extensions`.
    pub body: Value,
}

impl Answer {
    /// The first error's `extensions.code`, when there is one.
    pub fn code(&self) -> Option<&str> {
        self.body.pointer("/errors/0/extensions/code")?.as_str()
    }

    /// `data`, when there were no errors.
    ///
    /// # Errors
    /// When there were; the error quotes them.
    pub fn data(self) -> Result<Value> {
        ensure!(self.body.get("errors").is_none(), "the server answered {} {}", self.status, self.body);
        self.body.get("data").cloned().context("an answer without data and without errors")
    }
}

impl Client {
    /// A client of the server at `base`, for instance `http://127.0.0.1:8080`.
    pub fn new(base: impl Into<String>) -> Self {
        // Where TLS is built in without a provider of its own, one has to be set; the first client of a process does.
        let _set_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let base = base.into().trim_end_matches('/').to_owned();
        Self { http: reqwest::Client::new(), base, headers: Vec::new() }
    }

    /// The same client, sending one more header with every request.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The address of the server.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a query or mutation and gives its `data`.
    ///
    /// # Errors
    /// When the server cannot be reached or answers with errors.
    pub async fn run(&self, query: &str, variables: Value) -> Result<Value> {
        self.answer(query, variables).await?.data()
    }

    /// Sends a query or mutation and gives whatever was answered.
    ///
    /// # Errors
    /// When the server cannot be reached or answers with something that is not JSON.
    pub async fn answer(&self, query: &str, variables: Value) -> Result<Answer> {
        let request = self.http.post(format!("{}/graphql", self.base));
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = request
            .header("accept", "application/graphql-response+json, application/json")
            .json(&json!({ "query": query, "variables": variables }))
            .send()
            .await
            .with_context(|| format!("no answer from {}", self.base))?;
        let status = response.status().as_u16();
        let body = response.text().await?;
        let body = serde_json::from_str(&body).with_context(|| {
            format!("the server answered {status} with something that is not JSON: {body}")
        })?;
        Ok(Answer { status, body })
    }

    /// A request outside of GraphQL, with the headers of this client.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Starts a subscription over `graphql-transport-ws`.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses the connection.
    pub async fn subscribe(&self, query: &str, variables: Value) -> Result<Subscription> {
        self.subscribe_as(Value::Null, query, variables).await
    }

    /// Starts a subscription like [`Self::subscribe`], with a payload in `connection_init`, where browsers put their
    /// token.
    ///
    /// # Errors
    /// As [`Self::subscribe`].
    pub async fn subscribe_as(&self, init: Value, query: &str, variables: Value) -> Result<Subscription> {
        Subscription::start(&self.base, &self.headers, init, query, variables).await
    }

    /// Fetches a page of the server, such as `/metrics`, as text.
    ///
    /// # Errors
    /// When the server cannot be reached or does not answer with success.
    pub async fn page(&self, path: &str) -> Result<String> {
        let request = self.http.get(format!("{}{path}", self.base));
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = request.send().await?;
        let status = response.status();
        let body = response.text().await?;
        ensure!(status.is_success(), "{path} answered {status}: {body}");
        Ok(body)
    }
}
