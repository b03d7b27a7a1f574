//! What is refused where a switch tells of its calls, before the rules of the call itself.

use crate::RefusalDeclaration;

/// It is not signed, or not by somebody who has the secret.
pub const UNSIGNED: &str = "CTI_UNSIGNED";
/// It was sent too long ago, or in the future.
pub const UNTIMELY: &str = "CTI_UNTIMELY";
/// It is no event.
pub const MALFORMED: &str = "CTI_MALFORMED";
/// It is too large.
pub const TOO_LARGE: &str = "CTI_TOO_LARGE";
/// It tells of the future.
pub const AHEAD: &str = "CTI_AHEAD";
/// What came before it is not there yet.
pub const PREDECESSOR_MISSING: &str = "CTI_PREDECESSOR_MISSING";
/// Something else was told under its number.
pub const SEQUENCE_REUSED: &str = "CTI_SEQUENCE_REUSED";
/// Too many wait.
pub const BUSY: &str = "CTI_BUSY";

/// Their pages.
pub const DECLARED: &[RefusalDeclaration] = &[
    RefusalDeclaration {
        code: UNSIGNED,
        field: None,
        cause: " One of the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` is missing or malformed, \
                or no signature is the HMAC-SHA-256 of id, timestamp and body under one of `cti.secrets`.",
        en: "the event is not signed, or not with a secret of ours",
        remedy: "sign it as the Standard Webhooks say, with a secret of `cti.secrets`, over the very bytes of the body",
        zh: "事件未签名或签名不正确：请按 Standard Webhooks 规范用 cti.secrets 中的密钥对原始正文签名",
    },
    RefusalDeclaration {
        code: UNTIMELY,
        field: None,
        cause: " The moment in `webhook-timestamp` is further from the server's clock than `cti.tolerance_ms`.",
        en: "the event was sent too long ago, or in the future",
        remedy: "sign it anew each time it is sent, and set the clock of the switch by NTP",
        zh: "事件的发送时间超出允许范围：每次发送请重新签名，并校准交换机时钟",
    },
    RefusalDeclaration {
        code: MALFORMED,
        field: None,
        cause: " The body is not JSON, or not an event as `/cti/openapi.json` describes it. The message says where.",
        en: "the body is not an event of a call",
        remedy: "send it as /cti/openapi.json describes",
        zh: "正文不是通话事件：请按 /cti/openapi.json 的说明发送",
    },
    RefusalDeclaration {
        code: TOO_LARGE,
        field: None,
        cause: " The body is larger than `cti.body_bytes_max`.",
        en: "the event is too large",
        remedy: "send one event at a time, with nothing but its fields",
        zh: "事件过大：请每次只发送一个事件，且仅包含规定的字段",
    },
    RefusalDeclaration {
        code: AHEAD,
        field: Some("at"),
        cause: " `at` is further in the future than `cti.skew_ms`.",
        en: "the event tells of the future",
        remedy: "set the clock of the switch by NTP",
        zh: "事件时间晚于当前时间：请校准交换机时钟",
    },
    RefusalDeclaration {
        code: PREDECESSOR_MISSING,
        field: Some("sequence"),
        cause: " An event of the call with a smaller number has not come, and within `cti.reorder_ms` it did not. \
                Nothing was noted of this one.",
        en: "an event of the call that came before this one is missing",
        remedy: "send this event again after `Retry-After`, and those before it that were not acknowledged",
        zh: "缺少该通话更早的事件：请在 Retry-After 之后重发本事件及之前未确认的事件",
    },
    RefusalDeclaration {
        code: SEQUENCE_REUSED,
        field: Some("sequence"),
        cause: " Another event of the call was told under the same number before.",
        en: "another event has this number",
        remedy: "number the events of a call 1, 2, 3 and so on, and send an event again only as it was",
        zh: "该序号已被另一事件使用：请为每个通话的事件依次编号，重发时内容不得改变",
    },
    RefusalDeclaration {
        code: BUSY,
        field: None,
        cause: " More events wait for their predecessors than `cti.waiting_max`.",
        en: "too many events wait for others",
        remedy: "send the event again after `Retry-After`",
        zh: "等待前序事件的事件过多：请在 Retry-After 之后重发",
    },
];
