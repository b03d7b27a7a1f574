//! The settings under `[rabbitmq]`.

use std::time::Duration;

use trunkline_adapters::BrokerSettings;

use super::ConfigError;
use super::reader::Reader;

/// The longest name of a queue or an exchange, in bytes: what AMQP has room for.
const NAME_BYTES_MAX: usize = 255;

/// Checks them; nothing when no broker is named.
///
/// # Errors
/// The first that has a value it does not take.
pub(super) fn settings(read: &Reader<'_>) -> Result<Option<BrokerSettings>, ConfigError> {
    let name = |key| {
        let text = read.word(key)?;
        if text.len() > NAME_BYTES_MAX {
            return Err(read.wrong(key, format!("takes at most {NAME_BYTES_MAX} bytes")));
        }
        Ok(text.to_owned())
    };
    let settings = BrokerSettings {
        url: read.text("rabbitmq.url")?.to_owned(),
        work_queue: name("rabbitmq.work_queue")?,
        dead_queue: name("rabbitmq.dead_queue")?,
        exchange: name("rabbitmq.exchange")?,
        prefetch: u16::try_from(read.number("rabbitmq.prefetch", 1, 10_000)?).unwrap_or(u16::MAX),
        message_bytes_max: read.size("rabbitmq.message_bytes_max", 64, 1 << 20)?,
        answer_max: read.millis("rabbitmq.answer_max_ms")?,
        backoff_max: Duration::from_millis(read.number("rabbitmq.backoff_max_ms", 250, 600_000)?),
    };
    match settings.url.as_str() {
        "" => Ok(None),
        _ if !cfg!(feature = "rabbitmq") => {
            let reason =
                "is given, and this build was made without RabbitMQ; build with `--features rabbitmq`";
            Err(read.wrong("rabbitmq.url", reason))
        }
        _ => Ok(Some(BrokerSettings { url: read.url("rabbitmq.url", &["amqp://"])?, ..settings })),
    }
}
