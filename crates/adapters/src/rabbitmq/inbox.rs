//! Work arrives: each message is one command, acknowledged when the log has it.

use std::convert::Infallible;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use lapin::{BasicProperties, Channel, Connection};
use trunkline_app::cases::RequestRouting;
use trunkline_app::{CommandError, Idempotency, Request};
use trunkline_kernel::Actor;

use super::request::{self, Refusal};
use super::run::{Broker, PERSISTENT, Trouble, confirmed, name};

/// The headers of a message that was not carried out.
const CODE: &str = "x-trunkline-code";
const REASON: &str = "x-trunkline-reason";

impl Broker {
    /// Takes messages until the connection is gone or a command fails; what is not acknowledged by then comes again.
    pub(super) async fn take_work(&self, connection: &Connection) -> Result<Infallible, Trouble> {
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        for queue in [&self.settings().work_queue, &self.settings().dead_queue] {
            channel
                .queue_declare(name(queue)?, QueueDeclareOptions::durable(), FieldTable::default())
                .await?;
        }
        channel.basic_qos(self.settings().prefetch, BasicQosOptions::default()).await?;
        let queue = name(&self.settings().work_queue)?;
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let messages = channel.basic_consume(queue, ShortString::default(), options, arguments).await?;
        let taken = messages.map_err(Trouble::from).chain(stream::once(async { Err(Trouble::Cancelled) }));
        let channel = &channel;
        let prefetch = usize::from(self.settings().prefetch);
        taken.try_for_each_concurrent(prefetch, |message| self.take(channel, message)).await?;
        Err(Trouble::Cancelled)
    }

    async fn take(&self, channel: &Channel, message: Delivery) -> Result<(), Trouble> {
        match self.carry_out(&message).await? {
            Ok(()) => self.stats().requests(),
            Err(refusal) => {
                tracing::warn!(code = refusal.code, "a message goes to the dead-letter queue");
                self.bury(channel, &message, refusal).await?;
                self.stats().refuses();
            }
        }
        message.acker.ack(BasicAckOptions::default()).await?;
        Ok(())
    }

    /// Asks for an agent under the message's id. A refusal is an answer; a fault is not.
    async fn carry_out(&self, message: &Delivery) -> Result<Result<(), Refusal>, Trouble> {
        let requested = match request::read(&message.data, self.settings().message_bytes_max) {
            Ok(requested) => requested,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let id = message.properties.message_id().as_ref().map_or("", ShortString::as_str);
        let Ok(key) = Idempotency::new(id, &message.data) else {
            let reason = "the message has no message_id of 1 to 200 bytes, which a repetition is known by";
            return Ok(Err(Refusal::new("MESSAGE_ID_MISSING", reason)));
        };
        let request = Request { idempotency: Some(key), ..Request::by(Actor::system("rabbitmq")) };
        match self.dispatcher().execute(request, &RequestRouting(requested)).await {
            Ok(_) => Ok(Ok(())),
            Err(CommandError::Refused(refused)) => {
                Ok(Err(Refusal { code: refused.code, reason: refused.message }))
            }
            Err(CommandError::Invalid { reason }) => Ok(Err(Refusal::new("COMMAND_TOO_LARGE", reason))),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts a message that is not carried out where somebody looks at it, with the reason. It is there for sure before it
    /// is taken from the queue; after a crash in between it is there twice, under one id.
    async fn bury(&self, channel: &Channel, message: &Delivery, refusal: Refusal) -> Result<(), Trouble> {
        let mut headers = message.properties.headers().clone().unwrap_or_default();
        for (header, text) in [(CODE, refusal.code), (REASON, refusal.reason)] {
            headers.insert(name(header)?, AMQPValue::LongString(LongString::from(text)));
        }
        let properties: BasicProperties =
            message.properties.clone().with_headers(headers).with_delivery_mode(PERSISTENT);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let queue = name(&self.settings().dead_queue)?;
        let promised =
            channel.basic_publish(ShortString::default(), queue, options, &message.data, properties);
        if confirmed(promised.await?, self.settings().answer_max).await? {
            Ok(())
        } else {
            // Somebody removed the queue a moment ago; with the next connection it is made again.
            Err(Trouble::Cancelled)
        }
    }
}
