//! Log lines, and traces when the build has them.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, Settings};

/// Libraries whose most detailed lines quote what goes through them: messages of `WebSocket`s hold tokens and
/// personal values.
const QUOTING: [&str; 1] = ["tungstenite"];

/// Whether a line may be written at all, whatever the filter of the configuration asks for.
fn may_be_told(line: &Metadata<'_>) -> bool {
    *line.level() < Level::TRACE || !QUOTING.iter().any(|library| line.target().starts_with(library))
}

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
    let registry = tracing_subscriber::registry().with(filter).with(filter_fn(may_be_told));
    let registry = registry.with(text).with(json);
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

#[cfg(all(test, feature = "otel"))]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;
    use crate::config::Layers;

    /// Takes one HTTP request, answers it, and gives it.
    fn collect(listener: &TcpListener) -> std::io::Result<Vec<u8>> {
        let (mut stream, _) = listener.accept()?;
        let mut request = Vec::new();
        let mut chunk = [0; 4_096];
        loop {
            let read = stream.read(&mut chunk)?;
            request.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&request).to_lowercase();
            let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
            let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(usize::MAX);
            let head = request.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if read == 0 || head.is_some_and(|head| request.len() - head - 4 >= length) {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
                return Ok(request);
            }
        }
    }

    #[test]
    fn spans_reach_the_collector_with_the_name_of_the_service() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let collector = std::thread::spawn(move || collect(&listener));
        let mut layers = Layers::defaults().unwrap();
        layers.flag("--otlp", "telemetry.otlp_endpoint", endpoint).unwrap();
        let (layer, provider) = otel::layer(&Settings::of(&layers).unwrap()).unwrap();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info_span!("answer a query").in_scope(|| {})
        });
        provider.unwrap().shutdown().unwrap();
        let request = collector.join().unwrap().unwrap();
        let text = String::from_utf8_lossy(&request);
        assert!(text.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{text}");
        assert!(text.contains("answer a query") && text.contains("trunkline"), "{text}");
    }
}
