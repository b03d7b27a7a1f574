//! Why a command to a recording is refused.

use super::RecordingState;

refusals! {
    /// Why a command to a recording was refused.
    Refusal {
        /// No recording with this id was announced.
        Unknown = "RECORDING_UNKNOWN" on "id" {
            "there is no such recording",
            "announce it first, or check its id",
            "该录音不存在：请先登记录音，或检查编号",
        }
        /// A recording with this id was announced before.
        AlreadyExists = "RECORDING_ALREADY_EXISTS" on "id" {
            "the recording already exists",
            "use a new id for a new recording",
            "该录音已存在：新的录音请使用新的编号",
        }
        /// The recording was to be started, paused or resumed and cannot be in its state.
        StepIllegal(state: RecordingState) = "RECORDING_STEP_ILLEGAL" {
            "the recording cannot take this step now",
            "start an announced, pause a running or resume a paused recording",
            "录音当前状态不允许此操作：请检查录音是否正在进行",
        }
        /// Audio was sent for a recording that has its audio already.
        AlreadySealed(state: RecordingState) = "RECORDING_ALREADY_SEALED" {
            "the recording already has its audio, which never changes",
            "announce another recording for other audio",
            "录音文件已封存，不可更改：如需上传其他音频请另行登记",
        }
        /// The recording was to be transcribed, retained or played before its audio was complete.
        NotSealed(state: RecordingState) = "RECORDING_NOT_SEALED" {
            "the audio of the recording is not complete",
            "wait until its upload has ended",
            "录音尚未上传完成：请等待上传结束",
        }
        /// The recording was to be erased and a case needs it.
        Held = "RECORDING_HELD" {
            "the recording is held for a case",
            "release the holds first, if the cases allow it",
            "录音因案件被保全，不可删除：请先解除保全",
        }
        /// The recording was to be held for a case that already holds it.
        AlreadyHeld = "RECORDING_ALREADY_HELD" on "case" {
            "the recording is already held for this case",
            "nothing is left to do",
            "录音已因该案件被保全：无需重复操作",
        }
        /// The recording was to be released by a case that does not hold it.
        NotHeld = "RECORDING_NOT_HELD" on "case" {
            "the recording is not held for this case",
            "check the case's file number",
            "录音未因该案件被保全：请检查案件编号",
        }
        /// The recording was to be held for more cases than can be kept.
        HoldsTooMany = "RECORDING_HOLDS_TOO_MANY" on "case" {
            "the recording is held for too many cases",
            "release the cases that are over",
            "录音保全案件过多：请先解除已结案件的保全",
        }
        /// The recording was to be erased while it has to be kept.
        RetentionRunning = "RECORDING_RETENTION_RUNNING" {
            "the recording has to be kept for some time yet",
            "wait until its retention is over",
            "录音仍在法定保存期内：请等待保存期届满",
        }
        /// The recording was to be kept for a shorter time than it was before.
        RetentionShortened = "RECORDING_RETENTION_SHORTENED" on "until" {
            "the retention of a recording can be extended, not shortened",
            "give a later time than the present one",
            "录音保存期只能延长，不能缩短：请填写更晚的时间",
        }
        /// The recording is erased; nothing can be done with it any more.
        Gone = "RECORDING_ERASED" {
            "the recording is erased",
            "nothing can be done with it any more",
            "录音已删除：不能再进行任何操作",
        }
    }
}
