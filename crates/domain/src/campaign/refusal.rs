//! Why a command to a campaign is refused.

use super::CampaignState;

refusals! {
    /// Why a command to a campaign was refused.
    Refusal {
        /// No campaign with this id was created.
        Unknown = "CAMPAIGN_UNKNOWN" on "id" {
            "there is no such campaign",
            "create it first, or check its id",
            "该外呼任务不存在：请先创建，或检查编号",
        }
        /// A campaign with this id was created before.
        AlreadyExists = "CAMPAIGN_ALREADY_EXISTS" on "id" {
            "the campaign already exists",
            "use a new id for a new campaign",
            "该外呼任务已存在：新的任务请使用新的编号",
        }
        /// The campaign was to be started and has been started before.
        NotDraft(state: CampaignState) = "CAMPAIGN_NOT_DRAFT" {
            "the campaign was started before",
            "resume it when it is paused",
            "外呼任务已启动过：如已暂停请选择恢复",
        }
        /// The campaign was to be paused and does not dial.
        NotRunning(state: CampaignState) = "CAMPAIGN_NOT_RUNNING" {
            "the campaign is not running",
            "start or resume it first",
            "外呼任务未在运行：请先启动或恢复",
        }
        /// The campaign was to be resumed and is not paused.
        NotPaused(state: CampaignState) = "CAMPAIGN_NOT_PAUSED" {
            "the campaign is not paused",
            "only a paused campaign can be resumed",
            "外呼任务未暂停：只有已暂停的任务可以恢复",
        }
        /// The campaign is over, which is final.
        Stopped = "CAMPAIGN_STOPPED" {
            "the campaign is stopped for good",
            "create a new campaign",
            "外呼任务已终止：请新建任务",
        }
        /// The calling hours are empty or outside the day, or a weekday is not from 1 to 7.
        HoursInvalid = "CAMPAIGN_HOURS_INVALID" on "hours" {
            "the calling hours hold no time",
            "give minutes with 0 <= from < until <= 1440 and weekdays from 1 (Monday) to 7 (Sunday)",
            "外呼时段无效：起止分钟须满足0≤开始<结束≤1440，星期为1（周一）至7（周日）",
        }
        /// The attempt policy permits no call, or waits backwards.
        AttemptsInvalid = "CAMPAIGN_ATTEMPTS_INVALID" on "attempts" {
            "the attempt policy permits no call",
            "give at least one attempt, at least one a day, and a wait that is not negative",
            "外呼次数策略无效：总次数与每日次数至少为1，间隔不能为负",
        }
        /// Nobody is called for that purpose.
        PurposeInvalid = "CAMPAIGN_PURPOSE_INVALID" on "purpose" {
            "nobody is called to be scored by a model",
            "give marketing, service, survey or collection",
            "活动目的无效：自动化决策不是外呼目的，请选择营销、服务、调研或催收",
        }
        /// The jurisdiction is not an ISO 3166 code.
        JurisdictionInvalid = "CAMPAIGN_JURISDICTION_INVALID" on "jurisdiction" {
            "the jurisdiction is not a country code",
            "give two capital letters of ISO 3166, for instance CN",
            "司法辖区无效：请填写两位大写国家代码，例如CN",
        }
    }
}
