//! The commands that a mapping can run and the fields that each takes, as data: the check of a mapping and the
//! table in `docs/import.md` come from here.

use std::fmt::Write as _;

/// A command as mappings name it.
#[derive(Debug)]
pub struct Vocable {
    /// Its name, `call.create`.
    pub name: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// Whether it brings the thing into being. When the thing is there already, this step and the row's other
    /// steps on it are skipped.
    pub creates: bool,
    /// Whether it can keep columns under their own names.
    pub keeps: bool,
    /// What it takes.
    pub fields: &'static [Field],
}

/// A field of a command.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Whether the mapping must give it. A field whose text is empty in a row counts as not given in that row.
    pub required: bool,
    /// What it means, and its form.
    pub meaning: &'static str,
}

macro_rules! vocabulary {
    ($($name:literal $(+ $flag:ident)* : $meaning:literal { $($field:literal $($required:ident)? : $what:literal;)* })+) => {
        /// Every command that a mapping can run.
        pub static VOCABULARY: &[Vocable] = &[$(Vocable {
            name: $name,
            meaning: $meaning,
            creates: false $(|| flag::$flag == flag::creates)*,
            keeps: false $(|| flag::$flag == flag::keeps)*,
            fields: &[$(Field {
                name: $field,
                required: false $(|| flag::$required == flag::required)?,
                meaning: $what,
            },)*],
        },)+];
    };
}

#[expect(non_upper_case_globals, reason = "these are the words of the table below")]
mod flag {
    pub(super) const creates: u8 = 1;
    pub(super) const keeps: u8 = 2;
    pub(super) const required: u8 = 3;
}

vocabulary! {
    "agent.register" + creates: "An agent is known." {
        "name" required: "text; what the agent is called";
        "team": "text; the name of the agent's team";
        "skills": "texts separated by `,`";
        "languages": "BCP 47 tags separated by `,`";
        "licences": "names of licences that hold from ever and for ever, separated by `,`";
    }
    "customer.register" + creates + keeps: "A customer is known. Kept columns become attributes of the profile." {
        "kind": "`person` (default) or `company`";
        "name": "text";
        "language": "BCP 47 tag, `zh-CN`";
        "region": "ISO 3166, `CN` or `CN-31`";
        "time_zone": "IANA name, `Asia/Shanghai`";
        "industry": "text";
        "scale": "text; the size class";
    }
    "customer.record_features" + keeps: "Values for models: the kept columns. A number is taken as a number, `true` and `false` as flags, all else as a category." {
        "source": "text; where they come from";
    }
    "customer.link_identifier": "An identifier is the customer's; another customer's is refused." {
        "kind" required: "`phone`, `email`, `wechat`, `device` or `crm`";
        "value" required: "text; a phone number without country code is read as one of `region`";
        "region": "ISO 3166 country of phone numbers, `CN`";
    }
    "campaign.create" + creates: "A campaign is drawn up." {
        "name" required: "text";
        "mode": "`manual` (default), `preview`, `progressive` or `predictive`";
        "product": "text";
        "queue": "text";
        "jurisdiction" required: "ISO 3166, `CN`";
        "purpose": "`marketing` (default), `service`, `survey` or `collection`";
    }
    "campaign.start": "A campaign begins." {}
    "lead.add" + creates + keeps: "A customer is put on a campaign's list. Kept columns become attributes." {
        "campaign" required: "id of a campaign";
        "customer" required: "id of a customer";
        "priority": "whole number, higher goes first (default 0)";
    }
    "lead.ready": "A lead may be queued." {}
    "lead.call": "A lead is being called." {
        "call" required: "id of a call";
    }
    "lead.return": "The attempt ended without settling the lead." {
        "call" required: "id of the call";
        "outcome" required: "`no_answer`, `busy`, `machine`, `abandoned`, `wrong_party`, `callback`, `undecided` or `failed`";
    }
    "lead.finish": "A lead is done." {
        "outcome" required: "`sale`, `declined`, `exhausted`, `unreachable` or `campaign_stopped`";
    }
    "call.create" + creates + keeps: "A call is known. Kept columns become attributes." {
        "direction" required: "`inbound` or `outbound`";
        "customer": "id of a customer";
        "lead": "id of a lead";
        "campaign": "id of a campaign";
        "agent": "id of the agent it is meant for";
        "number": "telephone number; without country code it is read as one of `number_region`";
        "number_region": "ISO 3166 country of telephone numbers, `CN`";
        "queue": "text";
        "product": "text";
        "industry": "text";
        "line": "text; the line or trunk that carries it";
        "priority": "whole number, higher goes first";
    }
    "call.dial": "The number was dialed." {}
    "call.ring": "The other end rings." {}
    "call.answer": "Somebody or something answered." {}
    "call.classify": "It was told who answered." {
        "as" required: "`human`, `machine` or `unknown`";
    }
    "call.queue": "The call waits for an agent." {
        "queue" required: "text";
        "priority": "whole number, higher goes first";
    }
    "call.bridge": "Customer and agent are connected." {
        "agent": "id of the agent; missing when the source names none";
        "waited_seconds": "how long the customer waited in the queue";
    }
    "call.hold": "The customer waits on the line." {}
    "call.resume": "The conversation goes on." {}
    "call.end": "The call is over." {
        "cause" required: "`completed`, `agent_hangup`, `customer_hangup`, `no_answer`, `busy`, `invalid_number`, `machine`, `abandoned`, `failed` or `phantom`";
        "waited_seconds": "how long the customer waited in the queue, when the call ended there";
    }
    "call.disposition": "The finished call is classified." {
        "disposition" required: "text; the wrap-up code";
        "right_party": "`true` or `false` (default)";
        "sale": "`true` or `false` (default)";
        "do_not_call": "`true` or `false` (default)";
        "callback_at": "time";
        "note": "text";
        "wrap_seconds": "how long the after-call work took";
    }
    "interaction.record" + creates + keeps: "Something was said or done. Kept columns become attributes." {
        "customer" required: "id of a customer";
        "channel" required: "`call`, `chat`, `message`, `wechat`, `email`, `web`, `app` or `order`";
        "direction" required: "`inbound` or `outbound`";
        "agent": "id of the agent who took part";
        "call": "id of the call that it was";
        "subject": "text";
        "text": "text; what was said";
    }
    "task.open" + creates: "There is something to do." {
        "kind" required: "`follow_up`, `callback`, `review`, `action` or `other`";
        "title" required: "text";
        "customer": "id of a customer";
        "call": "id of a call";
        "lead": "id of a lead";
        "owner": "id of an agent";
        "team": "text; the name of a team";
        "due_at": "time";
        "priority": "whole number, higher goes first (default 0)";
    }
}

/// The command of that name.
pub(crate) fn find(name: &str) -> Option<&'static Vocable> {
    VOCABULARY.iter().find(|vocable| vocable.name == name)
}

/// All names, for errors.
pub(crate) fn names() -> String {
    VOCABULARY.iter().map(|vocable| vocable.name).collect::<Vec<_>>().join(", ")
}

/// The table of commands in Markdown, as `docs/import.md` has it.
pub fn markdown() -> String {
    let mut text = String::new();
    for vocable in VOCABULARY {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "### `{}`\n\n{}\n", vocable.name, vocable.meaning);
        for field in vocable.fields {
            let required = if field.required { " (required)" } else { "" };
            let _ = writeln!(text, "- `{}`{required}: {}", field.name, field.meaning);
        }
        if !vocable.fields.is_empty() {
            text.push('\n');
        }
    }
    text
}
