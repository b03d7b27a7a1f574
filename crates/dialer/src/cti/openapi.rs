//! The OpenAPI document, made of the types that go over the wire.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use trunkline_domain::call::over_cti;
use trunkline_webhooks as webhooks;

use super::wire::{CallEvent, Instruction};

/// The document: what the switch sends us is a path, what we send the switch is a webhook.
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = SchemaGenerator::new(settings);
    let event = generator.subschema_for::<CallEvent>();
    let instruction = generator.subschema_for::<Instruction>();
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Noted".to_owned(), noted());
    schemas.insert("Errors".to_owned(), errors());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Trunkline CTI",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Joins a telephone switch to Trunkline",
            "description": "Orders go to the switch, events come back. Both are signed as the Standard Webhooks say \
                (https://www.standardwebhooks.com): `webhook-signature` is `v1,` and the base64 of HMAC-SHA-256 over \
                `webhook-id`, a dot, `webhook-timestamp`, a dot and the body, under the bytes that the secret's base64 \
                stands for. Events may come in any order and more than once; what is answered with 2xx is in the log.",
        },
        "paths": { "/cti/events": { "post": {
            "operationId": "tellOfCall",
            "summary": "Tell what happened to a call",
            "parameters": headers(),
            "requestBody": body(&json!(event)),
            "responses": {
                "200": {
                    "description": "It is settled: do not send it again",
                    "content": { "application/json": { "schema": reference("Noted") } },
                },
                "400": error(over_cti::MALFORMED),
                "401": error(&[over_cti::UNSIGNED, over_cti::UNTIMELY].join(" or ")),
                "404": error("CALL_UNKNOWN"),
                "409": retry(over_cti::PREDECESSOR_MISSING),
                "413": error(over_cti::TOO_LARGE),
                "422": error(&[over_cti::AHEAD, over_cti::SEQUENCE_REUSED, "why the call does not permit it"].join(", or ")),
                "503": retry(&[over_cti::BUSY, "UNAVAILABLE"].join(" or ")),
            },
        } } },
        "webhooks": { "order": { "post": {
            "operationId": "order",
            "summary": "What the switch is to do",
            "description": "Sent to `cti.url`, again until it is answered with 2xx, within a limit; 4xx other than 408, \
                425 and 429 ends that at once. A call that is not taken has failed.",
            "parameters": headers(),
            "requestBody": body(&json!(instruction)),
            "responses": {
                "2XX": { "description": "The switch does it" },
                "4XX": { "description": "The switch will not do it" },
                "5XX": { "description": "The switch cannot do it now" },
            },
        } } },
        "components": { "schemas": schemas },
    })
}

fn noted() -> Value {
    json!({
        "type": "object",
        "description": "What became of an event.",
        "properties": {
            "outcome": {
                "enum": ["noted", "repeated", "passed_over"],
                "description": "Whether it was noted now, or before, or came when others had been noted without it.",
            },
            "state": { "type": "string", "description": "How far the call has come, for instance `RINGING`." },
        },
        "required": ["outcome"],
    })
}

fn errors() -> Value {
    json!({
        "type": "object",
        "description": "Why nothing was noted. Codes are stable; `schema/errors` has a page for each.",
        "properties": { "errors": { "type": "array", "items": {
            "type": "object",
            "properties": {
                "message": { "type": "string", "description": "What was wrong and what to do, for people." },
                "extensions": {
                    "type": "object",
                    "properties": { "code": { "type": "string" } },
                    "required": ["code"],
                },
            },
            "required": ["message", "extensions"],
        } } },
        "required": ["errors"],
    })
}

fn headers() -> Value {
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name,
            "in": "header",
            "required": true,
            "description": description,
            "schema": { "type": "string" },
            "example": example,
        })
    };
    json!([
        header(
            webhooks::ID,
            "Names the message; the same whenever it is sent again",
            "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
        ),
        header(webhooks::TIMESTAMP, "When it was sent, in seconds since 1970", "1769850000"),
        header(
            webhooks::SIGNATURE,
            "Signatures, with blanks between several",
            "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="
        ),
    ])
}

fn body(schema: &Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn error(code: &str) -> Value {
    json!({ "description": code, "content": { "application/json": { "schema": reference("Errors") } } })
}

fn retry(code: &str) -> Value {
    let mut answer = error(code);
    answer["headers"] = json!({ "Retry-After": {
        "description": "In how many seconds to send it again",
        "schema": { "type": "integer" },
    } });
    answer
}
