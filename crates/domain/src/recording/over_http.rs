//! What is refused where audio comes in and goes out, before or after the rules of the recording itself.

use crate::RefusalDeclaration;

/// Nobody said why they want to hear it.
pub const REASON_MISSING: &str = "RECORDING_REASON_MISSING";
/// They may not hear, or not store, recordings.
pub const NOT_ALLOWED: &str = "RECORDING_NOT_ALLOWED";
/// The range lies behind the end.
pub const RANGE_UNSATISFIABLE: &str = "RECORDING_RANGE_UNSATISFIABLE";
/// What is stored is not what was written.
pub const DAMAGED: &str = "RECORDING_DAMAGED";
/// The piece does not begin where the stored audio ends.
pub const UPLOAD_CONFLICT: &str = "RECORDING_UPLOAD_CONFLICT";
/// No upload was begun.
pub const UPLOAD_UNKNOWN: &str = "RECORDING_UPLOAD_UNKNOWN";
/// It is not asked as the upload protocol demands.
pub const UPLOAD_MALFORMED: &str = "RECORDING_UPLOAD_MALFORMED";
/// It is too large.
pub const TOO_LARGE: &str = "RECORDING_TOO_LARGE";
/// It is no audio.
pub const MEDIA_TYPE: &str = "RECORDING_MEDIA_TYPE";
/// Too many are under way.
pub const TOO_MANY: &str = "RECORDING_TOO_MANY";

/// Their pages.
pub const DECLARED: &[RefusalDeclaration] = &[
    RefusalDeclaration {
        code: REASON_MISSING,
        field: Some("reason"),
        cause: " A recording was to be played or downloaded and nobody said why, or not in 1 to 500 characters.",
        en: "nobody said why the recording is to be heard",
        remedy: "say why in the parameter `reason` or the header `X-Trunkline-Reason`; it goes into the audit trail",
        zh: "收听录音必须说明理由：请在参数 reason 或请求头 X-Trunkline-Reason 中填写，理由会写入审计记录",
    },
    RefusalDeclaration {
        code: NOT_ALLOWED,
        field: None,
        cause: " None of the caller's roles may hear this recording, or send audio.",
        en: "this is not for your role",
        remedy: "ask somebody whose role it is",
        zh: "您的角色无此权限：请联系有权限的人员",
    },
    RefusalDeclaration {
        code: RANGE_UNSATISFIABLE,
        field: None,
        cause: " The range that was asked for begins behind the end of the audio. `Content-Range` tells its length.",
        en: "the recording has no such range",
        remedy: "ask for a range that begins before its end",
        zh: "请求的范围超出录音长度：请求范围的起点应小于录音长度",
    },
    RefusalDeclaration {
        code: DAMAGED,
        field: None,
        cause: " What is stored is not what was written: it was changed, moved, cut or taken away. Nothing of it is \
                given out. When this is found at the end of an upload, the upload begins again at byte 0.",
        en: "what is stored of the recording is damaged",
        remedy: "bring the store back from a backup, and find out who changed it; `trunkline recordings verify` says \
                 what is wrong",
        zh: "录音文件已损坏或被篡改：请从备份恢复，并用 trunkline recordings verify 检查",
    },
    RefusalDeclaration {
        code: UPLOAD_CONFLICT,
        field: None,
        cause: " A piece of audio does not begin where the stored audio ends, an upload was begun twice, or another \
                length was said before. `Upload-Offset` tells where the stored audio ends.",
        en: "the upload stands elsewhere",
        remedy: "ask with HEAD where it stands, and go on from there",
        zh: "上传位置不一致：请用 HEAD 查询当前位置后继续上传",
    },
    RefusalDeclaration {
        code: UPLOAD_UNKNOWN,
        field: None,
        cause: " A piece of audio was sent, or asked after, and no upload of this recording was begun.",
        en: "no upload of this recording is under way",
        remedy: "begin it with POST",
        zh: "该录音没有正在进行的上传：请先用 POST 创建上传",
    },
    RefusalDeclaration {
        code: UPLOAD_MALFORMED,
        field: None,
        cause: " A header that the upload protocol (tus 1.0.0) demands is missing or has another form.",
        en: "the request is not one of tus 1.0.0",
        remedy: "send Tus-Resumable: 1.0.0, on POST Upload-Length or Upload-Defer-Length: 1, on PATCH Upload-Offset \
                 and Content-Type: application/offset+octet-stream",
        zh: "请求不符合 tus 1.0.0 上传协议：请检查请求头",
    },
    RefusalDeclaration {
        code: TOO_LARGE,
        field: None,
        cause: " The audio is longer than was announced, or than `recordings.bytes_max`, or came in more pieces than \
                `recordings.parts_max`.",
        en: "the recording is too large",
        remedy: "send what was announced, in larger pieces, within the limits of the configuration",
        zh: "录音过大：请按声明的长度、以更大的分片上传，并遵守配置的限制",
    },
    RefusalDeclaration {
        code: MEDIA_TYPE,
        field: None,
        cause: " What is sent is neither `audio/…` nor `video/…` nor `application/octet-stream`.",
        en: "this is no audio",
        remedy: "send audio, with its media type",
        zh: "不支持的媒体类型：请上传音频并注明类型",
    },
    RefusalDeclaration {
        code: TOO_MANY,
        field: None,
        cause: " As many uploads or playbacks are under way as `recordings.uploads_max` and \
                `recordings.playbacks_max` allow.",
        en: "too many recordings are on their way",
        remedy: "try again in a moment",
        zh: "同时进行的录音传输过多：请稍后重试",
    },
];
