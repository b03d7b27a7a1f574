//! One agent's day: sign in, call, talk, write down, rest.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use trunkline_kernel::{Clock as _, SystemClock};

use crate::api::{Api, Done};
use crate::chance::Chance;
use crate::population::{Campaign, Centre, Customer};
use crate::words::{FOLLOW_UPS, NEEDS};

/// How long to wait after a fault before going on.
const AFTER_FAULT: Duration = Duration::from_secs(2);

/// Parts of an agent's cycle: idle, ringing, talking, after-call work. Talking happens in about half of the
/// cycles, so the parts add up to a little more than one.
const IDLE: f64 = 0.25;
const RING: f64 = 0.15;
const TALK: f64 = 0.8;
const WRAP: f64 = 0.15;

/// How often an agent looks whether somebody is on the line.
const LISTEN: f64 = 0.03;

/// How many cycles apart an agent pauses, on average.
const PAUSE_EVERY: f64 = 15.0;

/// One call in five is a customer who calls.
const INBOUND: f64 = 0.2;

/// How dials end, in percent of all.
const DIALS: [(&str, u32); 5] =
    [("HUMAN", 52), ("NO_ANSWER", 30), ("BUSY", 8), ("MACHINE", 7), ("INVALID_NUMBER", 3)];

/// One agent at work.
pub(crate) struct AgentLoop {
    api: Arc<Api>,
    centre: Arc<Centre>,
    number: usize,
    id: String,
    /// The call that was taken last; the read model may still show it.
    taken: Option<String>,
    /// Whether the last conversation ended with a sale.
    sold: bool,
    actor: String,
    chance: Chance,
    cycle: Duration,
    /// The leads of this agent's customers that are not settled, by customer and campaign.
    leads: HashMap<(String, String), String>,
    /// Tasks that this agent has opened and not finished.
    tasks: Vec<String>,
}

/// Something the server refused, which happens in a live system; the agent then sorts itself out.
type Flow<T> = anyhow::Result<T>;

impl AgentLoop {
    pub(crate) fn new(
        api: Arc<Api>,
        centre: Arc<Centre>,
        number: usize,
        chance: Chance,
        cycle: Duration,
    ) -> Self {
        let id = centre.agents[number].clone();
        // A global id, `agent:UUID`, is also how an actor is written.
        let actor = id.clone();
        Self {
            api,
            centre,
            number,
            id,
            taken: None,
            sold: false,
            actor,
            chance,
            cycle,
            leads: HashMap::new(),
            tasks: Vec::new(),
        }
    }

    pub(crate) async fn run(mut self, stopping: CancellationToken) {
        let work = async {
            loop {
                let fault = match self.shift().await {
                    Ok(()) => continue,
                    Err(fault) => fault,
                };
                tracing::debug!(agent = self.id, error = format!("{fault:#}"), "an agent starts afresh");
                tokio::time::sleep(AFTER_FAULT).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = stopping.cancelled() => {}
        }
    }

    /// From whatever state the agent is in to work, until something is refused.
    async fn shift(&mut self) -> Flow<()> {
        self.sort_out().await?;
        loop {
            if !self.is_dialed_for() {
                self.rest(IDLE).await;
                if self.chance.happens(1.0 / PAUSE_EVERY) {
                    self.pause().await?;
                }
            }
            let campaign =
                self.centre.campaigns.get(self.number % self.centre.campaigns.len().max(1)).cloned();
            if let Some(campaign) = campaign.as_ref().filter(|campaign| campaign.dialed) {
                self.take(campaign).await?;
                self.do_tasks().await?;
                continue;
            }
            let (Some(customer), Some(campaign)) = (self.awake(), campaign) else { continue };
            if self.chance.happens(INBOUND) {
                self.answer(&customer, &campaign).await?;
            } else {
                self.dial(&customer, &campaign).await?;
            }
            self.do_tasks().await?;
        }
    }

    /// Whether the server dials the agent's campaign.
    fn is_dialed_for(&self) -> bool {
        let campaigns = &self.centre.campaigns;
        campaigns.get(self.number % campaigns.len().max(1)).is_some_and(|campaign| campaign.dialed)
    }

    /// Waits for the server to connect somebody, and speaks.
    async fn take(&mut self, campaign: &Campaign) -> Flow<()> {
        let query = "query($id: ID!) { agent(id: $id) { presence call { id lead { id } customer { id } } } }";
        loop {
            let data = self.api.send(&self.actor, query, json!({"id": self.id})).await?;
            let (presence, call) = (&data["agent"]["presence"], &data["agent"]["call"]);
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let new = text(&call["id"]).filter(|id| self.taken.as_ref() != Some(id));
            match (presence.as_str(), new) {
                (Some("TALKING"), Some(id)) => {
                    let known = text(&call["customer"]["id"]);
                    let customer = self.centre.customers(|all| {
                        all.iter().find(|customer| Some(&customer.id) == known.as_ref()).cloned()
                    });
                    let Some(customer) = customer else { bail!("a stranger is on the line") };
                    self.taken = Some(id.clone());
                    let lead = text(&call["lead"]["id"]);
                    self.talk(&id, &customer, "OUTBOUND", lead.as_deref()).await?;
                    // Whoever bought is asked again some day.
                    let again = json!({"campaignId": campaign.id, "customerId": customer.id});
                    return if self.sold { self.must("addLead", again).await.map(drop) } else { Ok(()) };
                }
                (Some("PAUSED" | "OFFLINE"), _) => bail!("not at work"),
                _ => self.rest(LISTEN).await,
            }
        }
    }

    /// A customer where it is day.
    fn awake(&mut self) -> Option<Customer> {
        const HOUR: i64 = 3_600_000_000;
        let hour = SystemClock.now().micros().div_euclid(HOUR).rem_euclid(24);
        self.centre.customers(|all| {
            let awake: Vec<&Customer> = all.iter().filter(|customer| customer.place.is_awake(hour)).collect();
            self.chance.pick(&awake).map(|customer| (*customer).clone())
        })
    }

    /// A call that was under way when the demo was stopped is ended; then the agent is available.
    async fn sort_out(&mut self) -> Flow<()> {
        let query = "query($id: ID!) { agent(id: $id) { presence call { id } } }";
        let data = self.api.send(&self.actor, query, json!({"id": self.id})).await?;
        let presence = data["agent"]["presence"].as_str().unwrap_or("OFFLINE").to_owned();
        let me = json!({"id": self.id});
        match (presence.as_str(), data["agent"]["call"]["id"].as_str()) {
            ("AVAILABLE", _) => return Ok(()),
            ("OFFLINE", _) => drop(self.try_to("signIn", me.clone()).await?),
            ("WRAPPING", _) => drop(self.try_to("endWrap", me.clone()).await?),
            (_, Some(call)) => {
                self.try_to("endCall", json!({"id": call, "cause": "FAILED"})).await?;
                self.try_to("endWrap", me.clone()).await?;
            }
            _ => {}
        }
        match self.try_to("makeAvailable", me).await? {
            Done::Yes(_) => Ok(()),
            Done::Refused(code) if code == "AGENT_ALREADY_AVAILABLE" => Ok(()),
            // The read model may be behind the log; the next attempt sees more.
            Done::Refused(code) => bail!("not available: {code}"),
        }
    }

    async fn pause(&mut self) -> Flow<()> {
        let reason = self.chance.weighed(&[("BREAK", 5), ("MEETING", 1), ("OTHER_WORK", 2)], "BREAK");
        self.must("pauseAgent", json!({"id": self.id, "reason": reason})).await?;
        self.rest(1.0).await;
        self.must("makeAvailable", json!({"id": self.id})).await.map(drop)
    }

    /// A customer calls, waits in the queue, and is answered or gives up.
    async fn answer(&mut self, customer: &Customer, campaign: &Campaign) -> Flow<()> {
        let input = json!({
            "direction": "INBOUND", "customerId": customer.id, "number": customer.number,
            "queue": campaign.product, "product": campaign.product, "industry": customer.industry,
        });
        let call = self.must("createCall", input).await?;
        self.must("queueCall", json!({"id": call, "queue": campaign.product})).await?;
        self.rest(RING).await;
        if self.chance.happens(0.1) {
            return self.must("endCall", json!({"id": call, "cause": "ABANDONED"})).await.map(drop);
        }
        self.must("bridgeCall", json!({"id": call, "agentId": self.id})).await?;
        self.talk(&call, customer, "INBOUND", None).await
    }

    /// The agent dials a lead.
    async fn dial(&mut self, customer: &Customer, campaign: &Campaign) -> Flow<()> {
        let Some(lead) = self.lead(customer, campaign).await? else { return Ok(()) };
        let input = json!({
            "direction": "OUTBOUND", "leadId": lead, "agentId": self.id, "number": customer.number,
            "queue": campaign.product, "product": campaign.product, "industry": customer.industry,
        });
        let call = self.must("createCall", input).await?;
        let key = (customer.id.clone(), campaign.id.clone());
        self.must("dialCall", json!({"id": call})).await?;
        if let Done::Refused(_) = self.try_to("ringCall", json!({"id": call})).await? {
            // The dial was suppressed, because the customer has not agreed to be called.
            self.leads.remove(&key);
            return Ok(());
        }
        self.rest(RING).await;
        let end = self.chance.weighed(&DIALS, "NO_ANSWER");
        if !matches!(end, "HUMAN" | "MACHINE") {
            self.leads.remove(&key);
            self.must("endCall", json!({"id": call, "cause": end})).await?;
            return self.write_down(&call, json!({"id": call, "disposition": end.to_lowercase()})).await;
        }
        self.must("answerCall", json!({"id": call})).await?;
        self.must("classifyCall", json!({"id": call, "answerer": end})).await?;
        self.leads.remove(&key);
        if end == "MACHINE" {
            self.must("endCall", json!({"id": call, "cause": "MACHINE"})).await?;
            return self.write_down(&call, json!({"id": call, "disposition": "machine"})).await;
        }
        self.must("bridgeCall", json!({"id": call, "agentId": self.id})).await?;
        self.talk(&call, customer, "OUTBOUND", Some(&lead)).await
    }

    /// The lead of a customer in a campaign, ready to be dialed; none when it must not be.
    async fn lead(&mut self, customer: &Customer, campaign: &Campaign) -> Flow<Option<String>> {
        let key = (customer.id.clone(), campaign.id.clone());
        if let Some(lead) = self.leads.get(&key) {
            return Ok(Some(lead.clone()));
        }
        let lead =
            self.must("addLead", json!({"campaignId": campaign.id, "customerId": customer.id})).await?;
        self.must("readyLead", json!({"id": lead})).await?;
        self.leads.insert(key, lead.clone());
        Ok(Some(lead))
    }

    async fn talk(
        &mut self,
        call: &str,
        customer: &Customer,
        direction: &str,
        lead: Option<&str>,
    ) -> Flow<()> {
        self.rest(TALK * 0.6).await;
        if self.chance.happens(0.2) {
            self.must("holdCall", json!({"id": call})).await?;
            self.rest(TALK * 0.2).await;
            self.must("resumeCall", json!({"id": call})).await?;
        }
        self.rest(TALK * 0.4).await;
        let cause = if self.chance.happens(0.6) { "CUSTOMER_HANGUP" } else { "AGENT_HANGUP" };
        self.must("endCall", json!({"id": call, "cause": cause})).await?;
        let need = self.chance.weighed(&[(0, 3), (1, 4), (2, 3), (3, 6), (4, 1), (5, 2)], 3);
        let (intent, note, pain) = NEEDS[need];
        let interaction = json!({
            "customerId": customer.id, "channel": "CALL", "direction": direction, "agentId": self.id,
            "callId": call, "subject": intent, "text": note,
        });
        let interaction = self.must("recordInteraction", interaction).await?;
        let insight = json!({"intent": intent, "painPoints": [pain], "summary": note});
        self.must("annotateInteraction", json!({"id": interaction, "insight": insight})).await?;
        if matches!(intent, "demo_request" | "price_inquiry") {
            self.follow_up(call, customer, lead).await?;
        }
        let sale = matches!(intent, "renewal" | "upgrade") && self.chance.happens(0.6);
        self.sold = sale;
        let refuses = intent == "not_interested" && self.chance.happens(0.05);
        let disposition = if sale { "sale" } else { intent };
        let said = json!({
            "id": call, "disposition": disposition, "rightParty": true, "sale": sale, "doNotCall": refuses,
            "note": note,
        });
        self.write_down(call, said).await
    }

    /// The after-call work, then the classification, which ends it.
    async fn write_down(&mut self, _call: &str, said: Value) -> Flow<()> {
        self.rest(WRAP).await;
        self.must("dispositionCall", said).await.map(drop)
    }

    async fn follow_up(&mut self, call: &str, customer: &Customer, lead: Option<&str>) -> Flow<()> {
        let title = self.chance.pick(&FOLLOW_UPS).copied().unwrap_or("回访");
        let task = json!({
            "kind": "FOLLOW_UP", "title": title, "customerId": customer.id, "callId": call, "leadId": lead,
            "ownerId": self.id, "priority": 1,
        });
        let task = self.must("openTask", task).await?;
        self.tasks.push(task);
        Ok(())
    }

    /// Works on one of the open tasks now and then: most are completed, some fail, few are not needed any more.
    async fn do_tasks(&mut self) -> Flow<()> {
        if self.tasks.is_empty() || !self.chance.happens(0.5) {
            return Ok(());
        }
        let task = self.tasks.remove(0);
        self.must("startTask", json!({"id": task})).await?;
        match self.chance.weighed(&[("done", 8), ("failed", 1), ("cancelled", 1)], "done") {
            "failed" => {
                let failed = json!({"id": task, "error": "客户未接听"});
                self.try_to("failTaskAttempt", failed).await?;
                self.try_to("cancelTask", json!({"id": task, "reason": "改由团队跟进"})).await.map(drop)
            }
            "cancelled" => {
                self.must("cancelTask", json!({"id": task, "reason": "客户已自行办理"})).await.map(drop)
            }
            _ => self.must("completeTask", json!({"id": task, "result": "已完成"})).await.map(drop),
        }
    }

    async fn try_to(&self, name: &str, input: Value) -> Flow<Done> {
        self.api.mutate(&self.actor, name, &input).await
    }

    /// Gives the id of what it was done to.
    async fn must(&self, name: &str, input: Value) -> Flow<String> {
        match self.try_to(name, input).await? {
            Done::Yes(id) => Ok(id),
            Done::Refused(code) => bail!("{name} was refused: {code}"),
        }
    }

    /// Time passes: a part of the agent's cycle, more or less.
    async fn rest(&mut self, part: f64) {
        let length = self.chance.around(self.cycle.mul_f64(part));
        tokio::time::sleep(length).await;
    }
}
