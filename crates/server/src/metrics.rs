//! What Prometheus reads at `/metrics`.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use trunkline_adapters::{BrokerStats, Shipping, ShippingStats};
use trunkline_app::RecorderStats;
use trunkline_log::{HistogramValues, LogStats};
use trunkline_pool::Router;

use crate::read_models::Progress;

/// Upper bounds of the buckets of request times, in seconds.
const REQUEST_SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Which requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    path: String,
    status: u16,
}

/// Which read model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProjectionLabels {
    projection: String,
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    progress: Arc<Mutex<Vec<Progress>>>,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Histogram,
}

/// Where the figures of other rooms come from.
pub(crate) struct Sources {
    /// The log, when it counts.
    pub(crate) log: Option<Arc<LogStats>>,
    /// The API.
    pub(crate) api: Arc<trunkline_graphql::Stats>,
    /// The record of reads.
    pub(crate) recorder: Arc<RecorderStats>,
    /// How far the read models were when they were last asked.
    pub(crate) progress: Arc<Mutex<Vec<Progress>>>,
    /// How the notary gets on, where there is one.
    pub(crate) notary: Option<trunkline_registry::Stats>,
    /// How shipping to a search service gets on, where there is one.
    pub(crate) shipping: Option<ShippingStats>,
    /// The broker, where one is configured.
    pub(crate) broker: Option<Arc<BrokerStats>>,
    /// How the switch gets on, where one is joined.
    pub(crate) cti: Option<Arc<trunkline_dialer::cti::Stats>>,
    /// The pool of agents and the work that waits; gone when the server stops.
    pub(crate) router: Weak<Router>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sources of metrics")
    }
}

impl Metrics {
    /// Registers everything.
    pub(crate) fn new(sources: Sources) -> Self {
        let progress = Arc::clone(&sources.progress);
        let mut registry = Registry::with_prefix("trunkline");
        let requests = Family::default();
        let request_seconds = Histogram::new(REQUEST_SECONDS);
        registry.register("http_requests", "Requests by method, path and status", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "From the head of a request to the head of its answer",
            Unit::Seconds,
            request_seconds.clone(),
        );
        registry.register_collector(Box::new(sources));
        Self { registry, progress, requests, request_seconds }
    }

    /// Counts a request that was answered.
    pub(crate) fn count_request(&self, method: &str, path: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method.to_owned(), path: path.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds.observe(took.as_secs_f64());
    }

    /// The text that Prometheus reads, with what is known of the read models now.
    ///
    /// # Errors
    /// When a metric cannot be written, which a test rules out.
    pub(crate) fn text(&self, progress: Vec<Progress>) -> Result<String, std::fmt::Error> {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Collector for Sources {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let encoder = &mut encoder;
        if let Some(log) = &self.log {
            log_figures(encoder, log)?;
        }
        let api = &self.api;
        counter(encoder, "graphql_queries", "Queries that were run", api.queries())?;
        counter(encoder, "graphql_mutations", "Mutations that were run", api.mutations())?;
        counter(encoder, "graphql_subscriptions", "Subscriptions that were begun", api.subscriptions())?;
        counter(
            encoder,
            "graphql_refused",
            "Requests that were refused before they were run",
            api.refused(),
        )?;
        let slow = "Subscribers that were disconnected because they read too slowly";
        counter(encoder, "graphql_slow_consumers", slow, api.slow_consumers())?;
        gauge(encoder, "graphql_subscribers", "Subscriptions that are open", api.subscribers())?;
        recorder_figures(encoder, &self.recorder)?;
        if let Some(router) = self.router.upgrade() {
            routing_figures(encoder, &router)?;
        }
        if let Some(broker) = &self.broker {
            broker_figures(encoder, broker)?;
        }
        if let Some(cti) = &self.cti {
            cti_figures(encoder, cti)?;
        }
        if let Some(notary) = &self.notary {
            notary_figures(encoder, &notary.standing())?;
        }
        if let Some(shipping) = &self.shipping {
            shipping_figures(encoder, &shipping.now())?;
        }
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
        family(encoder, "projection_position", "How far a read model is in the log", &progress, |p| {
            p.position
        })?;
        family(
            encoder,
            "projection_lag",
            "How many events a read model is behind the log",
            &progress,
            |p| p.lag,
        )?;
        family(encoder, "projection_parked", "Events that a read model could not fold", &progress, |p| {
            p.parked
        })
    }
}

fn log_figures(encoder: &mut DescriptorEncoder<'_>, log: &LogStats) -> Result<(), std::fmt::Error> {
    let latency = log.append_latency_us.values();
    let help = "From the call of append to its durable answer";
    histogram(encoder, "log_append_duration", help, Some(&Unit::Seconds), &latency, 1e-6)?;
    let batch = log.batch_appends.values();
    histogram(encoder, "log_batch_appends", "Appends that shared one commit", None, &batch, 1.0)?;
    counter(encoder, "log_events", "Events made durable by this process", log.appended_events())?;
    counter(encoder, "log_conflicts", "Appends that met another writer", log.conflicts())?;
    counter(encoder, "log_repeats", "Appends that were already in the log", log.repeats())?;
    counter(encoder, "log_busy", "Appends refused because the queue was full", log.busy())?;
    counter(encoder, "log_retries", "Commits that were tried again", log.retries())?;
    gauge(encoder, "log_appends_under_way", "Appends that are not answered yet", log.under_way())
}

fn recorder_figures(
    encoder: &mut DescriptorEncoder<'_>,
    audit: &RecorderStats,
) -> Result<(), std::fmt::Error> {
    gauge(encoder, "audit_waiting", "Accesses that wait to be written into the log", audit.waiting())?;
    counter(encoder, "audit_written", "Accesses in the log", audit.written())?;
    counter(encoder, "audit_events", "Events that they are in", audit.events())?;
    let withheld = "Answers with personal values that were withheld, because they could not be recorded";
    counter(encoder, "audit_refused", withheld, audit.refusals())?;
    let lost = "Accesses to nothing personal that are not in the record, because it could not be written";
    counter(encoder, "audit_lost", lost, audit.losses())
}

fn routing_figures(encoder: &mut DescriptorEncoder<'_>, router: &Router) -> Result<(), std::fmt::Error> {
    let (agents, available) = router.roster().count();
    gauge(encoder, "pool_agents", "Agents that routing knows", agents as u64)?;
    gauge(encoder, "pool_agents_available", "Agents who wait for work", available as u64)?;
    gauge(encoder, "routing_waiting", "Work that waits for an agent", router.waiting() as u64)?;
    let degraded = router.pool().degraded_since().is_some().into();
    gauge(encoder, "pool_degraded", "1 while the shared pool does not answer", degraded)?;
    let models = router.models().unwrap_or_default();
    let scores = models.scoring.is_some().into();
    gauge(encoder, "model_scoring", "1 where a model scores, 0 where cosine similarity does", scores)?;
    let trouble = models.trouble.is_some().into();
    gauge(encoder, "model_fallback", "1 where the active model cannot score; /readyz says why", trouble)?;
    let shadows = models.shadows.len() as u64;
    gauge(encoder, "model_shadows", "Models that score beside the one that decides", shadows)?;
    let counts = router.live_models().map(|models| models.shadowing().counts());
    let (scored, dropped) = counts.unwrap_or_default();
    counter(encoder, "model_shadow_scored", "Decisions that they have scored", scored)?;
    let help = "Decisions that they have not scored, because too many waited or the log failed";
    counter(encoder, "model_shadow_dropped", help, dropped)
}

fn broker_figures(encoder: &mut DescriptorEncoder<'_>, broker: &BrokerStats) -> Result<(), std::fmt::Error> {
    gauge(encoder, "rabbitmq_connected", "1 while RabbitMQ is connected", broker.connected().into())?;
    let trouble = broker.trouble().is_some().into();
    gauge(encoder, "rabbitmq_trouble", "1 where messages do not go on; /readyz says why", trouble)?;
    counter(encoder, "rabbitmq_requests", "Messages that were carried out", broker.requested())?;
    counter(encoder, "rabbitmq_refused", "Messages that went to the dead-letter queue", broker.refused())?;
    counter(encoder, "rabbitmq_assignments", "Assignments that RabbitMQ has", broker.published())
}

fn cti_figures(
    encoder: &mut DescriptorEncoder<'_>,
    cti: &trunkline_dialer::cti::Stats,
) -> Result<(), std::fmt::Error> {
    gauge(
        encoder,
        "cti_orders_under_way",
        "Orders that the switch has not answered",
        cti.orders_under_way(),
    )?;
    counter(encoder, "cti_orders_taken", "Orders that the switch has taken", cti.orders_taken())?;
    counter(encoder, "cti_orders_retried", "How often an order was sent again", cti.orders_retried())?;
    counter(encoder, "cti_orders_failed", "Orders that the switch did not take", cti.orders_failed())?;
    gauge(encoder, "cti_events_waiting", "Events that wait for their predecessors", cti.events_waiting())?;
    counter(encoder, "cti_events_noted", "Events of the switch that are in the log", cti.events_noted())?;
    counter(encoder, "cti_events_repeated", "Events that came again", cti.events_repeated())?;
    let late = "Events that came when others had been noted without them";
    counter(encoder, "cti_events_passed_over", late, cti.events_passed_over())?;
    counter(encoder, "cti_events_refused", "Events that were refused for good", cti.events_refused())?;
    counter(encoder, "cti_events_deferred", "Events that are to be sent again", cti.events_deferred())?;
    let trouble = cti.trouble().is_some().into();
    gauge(encoder, "cti_trouble", "1 where the switch takes no orders; /readyz says why", trouble)
}

fn notary_figures(
    encoder: &mut DescriptorEncoder<'_>,
    notary: &trunkline_registry::Standing,
) -> Result<(), std::fmt::Error> {
    let signed_at = notary.head_at.map_or(0, |at| u64::try_from(at.micros() / 1_000_000).unwrap_or(0));
    gauge(encoder, "notary_size", "Events in the Merkle tree", notary.size)?;
    gauge(encoder, "notary_lag", "Events of the log that the tree does not have yet", notary.lag)?;
    gauge(encoder, "notary_head_size", "Events that the last signed head vouches for", notary.head_size)?;
    gauge(encoder, "notary_head_time", "When the last head was signed, in seconds since 1970", signed_at)?;
    gauge(encoder, "notary_unpublished", "Signed heads that wait to be published", notary.unpublished)?;
    gauge(encoder, "notary_keeping", "1 where this server keeps the tree", notary.keeping.into())?;
    let trouble = notary.trouble.is_some().into();
    gauge(encoder, "notary_trouble", "1 where the notary cannot go on; /readyz says why", trouble)
}

fn shipping_figures(encoder: &mut DescriptorEncoder<'_>, now: &Shipping) -> Result<(), std::fmt::Error> {
    gauge(
        encoder,
        "search_position",
        "Everything up to here has arrived at the search service",
        now.position,
    )?;
    gauge(encoder, "search_lag", "Events that have not arrived at the search service yet", now.lag)?;
    counter(encoder, "search_taken", "Documents that the search service has taken", now.taken)?;
    counter(encoder, "search_repeated", "Documents that were sent again", now.repeated)?;
    counter(encoder, "search_rejected", "Documents that will never be taken as they are", now.rejected)?;
    gauge(encoder, "search_shipping", "1 where this server ships", now.shipping.into())?;
    let trouble = now.trouble.is_some().into();
    gauge(encoder, "search_trouble", "1 where shipping cannot go on; /readyz says why", trouble)
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has doubles only; sums stay far below 2^53")]
fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    values: &HistogramValues,
    scale: f64,
) -> Result<(), std::fmt::Error> {
    let mut buckets: Vec<(f64, u64)> =
        values.buckets.iter().map(|(bound, count)| (*bound as f64 * scale, *count)).collect();
    buckets.push((f64::INFINITY, values.over));
    let count = buckets.iter().map(|(_, count)| count).sum();
    encoder.encode_descriptor(name, help, unit, MetricType::Histogram)?.encode_histogram::<NoLabelSet>(
        values.sum as f64 * scale,
        count,
        &buckets,
        None,
    )
}

fn counter(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: u64,
) -> Result<(), std::fmt::Error> {
    encoder
        .encode_descriptor(name, help, None, MetricType::Counter)?
        .encode_counter::<NoLabelSet, u64, f64>(&value, None)
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: u64,
) -> Result<(), std::fmt::Error> {
    encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&signed(value))
}

fn family(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    progress: &[Progress],
    value: fn(&Progress) -> u64,
) -> Result<(), std::fmt::Error> {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for one in progress {
        let labels = ProjectionLabels { projection: one.name.to_owned() };
        metric.encode_family(&labels)?.encode_gauge(&signed(value(one)))?;
    }
    Ok(())
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_exposed_under_the_names_that_dashboards_use() {
        let log = Arc::new(LogStats::default());
        let sources = Sources {
            log: Some(log),
            api: Arc::default(),
            recorder: Arc::default(),
            progress: Arc::default(),
            notary: Some(Default::default()),
            shipping: Some(Default::default()),
            broker: Some(Arc::default()),
            cti: Some(Arc::default()),
            router: Weak::new(),
        };
        let metrics = Metrics::new(sources);
        metrics.count_request("POST", "/graphql", 200, Duration::from_millis(3));
        let progress = vec![Progress { name: "kpi", position: 7, lag: 3, parked: 1 }];
        let text = metrics.text(progress).unwrap();
        for line in [
            "trunkline_http_requests_total{method=\"POST\",path=\"/graphql\",status=\"200\"} 1",
            "trunkline_http_request_duration_seconds_bucket{le=\"0.005\"} 1",
            "trunkline_log_append_duration_seconds_bucket{le=\"+Inf\"} 0",
            "trunkline_log_batch_appends_count 0",
            "trunkline_graphql_subscribers 0",
            "trunkline_audit_waiting 0",
            "trunkline_audit_refused_total 0",
            "trunkline_notary_lag 0",
            "trunkline_search_lag 0",
            "trunkline_search_rejected_total 0",
            "trunkline_rabbitmq_connected 0",
            "trunkline_cti_events_noted_total 0",
            "trunkline_cti_trouble 0",
            "trunkline_projection_position{projection=\"kpi\"} 7",
            "trunkline_projection_lag{projection=\"kpi\"} 3",
            "trunkline_projection_parked{projection=\"kpi\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
