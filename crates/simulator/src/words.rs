//! What the call centre's people are called and what they talk about.

/// Family names.
pub(crate) const FAMILIES: [&str; 24] = [
    "李", "王", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何",
    "郭", "马", "罗", "梁", "宋", "郑", "谢",
];

/// Given names.
pub(crate) const GIVEN: [&str; 25] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超",
    "秀英", "霞", "平", "刚", "桂英", "建华", "文", "晓东",
];

/// Teams.
pub(crate) const TEAMS: [&str; 3] = ["华东一组", "华南二组", "大客户组"];

/// Lines of business of customers.
pub(crate) const INDUSTRIES: [&str; 6] = ["制造", "零售", "教育", "医疗", "物流", "餐饮"];

/// Where customers are: somewhere it is always day, so that somebody may be called.
pub(crate) const PLACES: [Place; 3] = [
    Place {
        regions: ["CN-31", "CN-44", "CN-33", "CN-51"],
        zone: "Asia/Shanghai",
        prefix: "+86138",
        digits: 8,
        day_utc: (1, 13),
    },
    Place {
        regions: ["GB-LND", "GB-MAN", "GB-BIR", "GB-EDH"],
        zone: "Europe/London",
        prefix: "+447400",
        digits: 6,
        day_utc: (9, 20),
    },
    Place {
        regions: ["US-CA", "US-CA", "US-WA", "US-OR"],
        zone: "America/Los_Angeles",
        prefix: "+1415",
        digits: 7,
        day_utc: (17, 28),
    },
];

/// A country in which customers live.
#[derive(Debug)]
pub(crate) struct Place {
    /// Regions, ISO 3166-2.
    pub(crate) regions: [&'static str; 4],
    /// Their time zone.
    pub(crate) zone: &'static str,
    /// How telephone numbers begin.
    pub(crate) prefix: &'static str,
    /// How many digits follow.
    pub(crate) digits: usize,
    /// From which hour to before which hour, in UTC, customers may be called in summer and in winter.
    day_utc: (i64, i64),
}

impl Place {
    /// Whether customers may be called at that hour in UTC.
    pub(crate) fn is_awake(&self, hour: i64) -> bool {
        let (from, until) = self.day_utc;
        (from..until).contains(&hour) || (from..until).contains(&(hour + 24))
    }
}

/// Products, one a campaign.
pub(crate) const PRODUCTS: [(&str, &str); 3] =
    [("企业版续费回访", "企业版"), ("云客服新客外呼", "云客服"), ("智能质检推广", "智能质检")];

/// What customers want, and what is noted of it.
pub(crate) const NEEDS: [(&str, &str, &str); 6] = [
    ("renewal", "客户愿意续费，等待正式报价。", "报价"),
    ("price_inquiry", "客户询问价格，预算约五万元，希望本月确定。", "价格偏高"),
    ("demo_request", "客户希望安排一次产品演示。", "上线周期"),
    ("not_interested", "客户暂时没有需求。", "已有供应商"),
    ("complaint", "客户反映之前的服务响应较慢。", "响应慢"),
    ("upgrade", "客户考虑升级到更多坐席。", "坐席不足"),
];

/// What follow-up work is called.
pub(crate) const FOLLOW_UPS: [&str; 4] = ["发送报价单", "安排产品演示", "回访使用情况", "核对合同条款"];

/// The name of the person with this number, the same every time.
pub(crate) fn name(number: usize) -> String {
    let family = FAMILIES[number % FAMILIES.len()];
    let given = GIVEN[(number / FAMILIES.len() + number * 7) % GIVEN.len()];
    format!("{family}{given}")
}
