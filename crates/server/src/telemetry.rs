//! Log lines, and traces when the build has them.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, Settings};

/// Keeps the exporter of traces; dropping it sends what is left.
#[derive(Debug, Default)]
pub(crate) struct Telemetry {
    #[cfg(feature = "otel")]
    provider: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

/// Begins to log to standard error, so that what commands print on standard output stays clean.
///
/// # Errors
/// When the filter is none, or the exporter cannot be set up.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_new(&settings.log_filter).with_context(|| {
        format!("`telemetry.log_filter` is {:?}, which is no filter", settings.log_filter)
    })?;
    let (text, json) = match settings.log_format {
        LogFormat::Text => {
            let lines = tracing_subscriber::fmt::layer().with_ansi(std::io::stderr().is_terminal());
            (Some(lines.with_writer(std::io::stderr)), None)
        }
        LogFormat::Json => {
            let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true);
            (None, Some(lines.with_writer(std::io::stderr)))
        }
    };
    let registry = tracing_subscriber::registry().with(filter).with(text).with(json);
    #[cfg(feature = "otel")]
    {
        let (layer, provider) = otel::layer(settings)?;
        registry.with(layer).try_init().context("logging was set up twice")?;
        Ok(Telemetry { provider })
    }
    #[cfg(not(feature = "otel"))]
    {
        registry.try_init().context("logging was set up twice")?;
        Ok(Telemetry::default())
    }
}

#[cfg(feature = "otel")]
impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.provider.take().map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

#[cfg(feature = "otel")]
mod otel {
    use anyhow::Context as _;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_otlp::WithExportConfig as _;
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
    use tracing::Subscriber;
    use tracing_opentelemetry::OpenTelemetryLayer;
    use tracing_subscriber::registry::LookupSpan;

    use crate::config::Settings;

    type Layer<S> = (Option<OpenTelemetryLayer<S, Tracer>>, Option<SdkTracerProvider>);

    /// Sends spans in batches from a thread of its own, so that no request waits for the collector.
    pub(super) fn layer<S>(settings: &Settings) -> anyhow::Result<Layer<S>>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let Some(endpoint) = &settings.otlp_endpoint else { return Ok((None, None)) };
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()
            .context("traces cannot be sent to `telemetry.otlp_endpoint`")?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name("trunkline").build())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("trunkline"));
        Ok((Some(layer), Some(provider)))
    }
}
