//! Events as they happen, and whom they are pushed to (wechat reference 6.8, 9.1, 16).

use crate::simulator::call::Caller;
use crate::simulator::fields::Fields;
use crate::simulator::group::Group;
use crate::simulator::push::{Push, Target};
use crate::simulator::world::{CORP, World};

impl World {
    fn push(&mut self, target: Target, fields: &Fields) {
        self.serial += 1;
        let push = Push::new(&self.topology, target, fields, (self.now_s(), self.serial, self.plan.seed));
        self.pushes.push(push);
    }

    /// An event of an app: `subscribe` and its like.
    pub(super) fn push_app(&mut self, app: usize, account: u32, event: &str, key: &str) {
        let Some(known) = self.app(app) else { return };
        let appid = known.appid.clone();
        let mut fields = Fields::default()
            .text("ToUserName", &known.original)
            .text("FromUserName", &known.openids.id(account.into()))
            .number("CreateTime", self.now_s())
            .text("MsgType", "event")
            .text("Event", event);
        if !key.is_empty() {
            fields = fields.text("EventKey", key).text("Ticket", "gQH");
        }
        self.push(Target::App(appid), &fields);
    }

    /// An event of the corp, in both shapes: to its own agent, and to the suite, each if it may see the employee. `more` is
    /// what the event says, to each in the ids that it sees.
    fn push_work(&mut self, event: &str, employee: u32, more: impl Fn(&World, Caller, Fields) -> Fields) {
        let now_s = self.now_s();
        if self.sees(Caller::Own(CORP), employee) {
            let fields = Fields::default()
                .text("ToUserName", &self.topology.corp)
                .text("FromUserName", "sys")
                .number("CreateTime", now_s)
                .text("MsgType", "event")
                .text("Event", event);
            let fields = more(self, Caller::Own(CORP), fields);
            self.push(Target::Corp, &fields);
        }
        if self.sees(Caller::SuiteCorp, employee) {
            let fields = Fields::default()
                .text("SuiteId", &self.topology.suite)
                .text("AuthCorpId", self.corpid(Caller::SuiteCorp))
                .text("InfoType", event)
                .number("TimeStamp", now_s);
            let fields = more(self, Caller::SuiteCorp, fields);
            self.push(Target::Suite, &fields);
        }
    }

    /// `change_external_contact`.
    pub(super) fn push_contact(&mut self, change: &str, account: u32, employee: u32, state: &str) {
        let welcome = (change == "add_external_contact").then(|| self.draw("welcome code", 32));
        self.push_work("change_external_contact", employee, |world, caller, fields| {
            let fields = fields
                .text("ChangeType", change)
                .text("UserID", &world.userid(caller, employee))
                .text("ExternalUserID", &world.external_id(caller, account));
            let fields = if state.is_empty() { fields } else { fields.text("State", state) };
            match &welcome {
                Some(code) => fields.text("WelcomeCode", code),
                None => fields,
            }
        });
    }

    /// `customer_acquisition`: a customer of a link wrote his first message.
    pub(super) fn push_first_message(&mut self, employee: u32, chat_key: &str) {
        self.push_work("customer_acquisition", employee, |_, _, fields| {
            fields
                .text("ChangeType", "message_from_customer")
                .text("LinkId", "cawcdea7783d7330c7")
                .text("ChatKey", chat_key)
        });
    }

    /// `kf_msg_or_event`: somebody wrote to customer service.
    pub(super) fn push_kf(&mut self, open_kfid: &str) {
        let token = self.draw("kf token", 48);
        let fields = Fields::default()
            .text("ToUserName", &self.topology.corp)
            .number("CreateTime", self.now_s())
            .text("MsgType", "event")
            .text("Event", "kf_msg_or_event")
            .text("Token", &token)
            .text("OpenKfId", open_kfid);
        self.push(Target::Corp, &fields);
    }

    /// `change_external_chat`: who came or went, or that it is no more.
    pub(super) fn push_chat(&mut self, group: usize, change: &str, detail: &str) {
        let Some(Group { owner, .. }) = self.corp(CORP).groups.get(group) else { return };
        self.push_work("change_external_chat", *owner, |world, caller, fields| {
            let fields = fields.text("ChatId", &world.chat_id(caller, group)).text("ChangeType", change);
            if detail.is_empty() { fields } else { fields.text("UpdateDetail", detail) }
        });
    }

    /// `change_contact`: an employee came, or left.
    pub(super) fn push_employee(&mut self, change: &str, employee: u32) {
        self.push_work("change_contact", employee, |world, caller, fields| {
            fields.text("ChangeType", change).text("UserID", &world.userid(caller, employee))
        });
    }

    /// An event of the suite itself, with what it says more.
    fn push_suite(&mut self, info: &str, more: impl FnOnce(Fields) -> Fields) {
        let fields = Fields::default()
            .text("SuiteId", &self.topology.suite)
            .text("InfoType", info)
            .number("TimeStamp", self.now_s());
        self.push(Target::Suite, &more(fields));
    }

    /// An event of the platform itself, with what it says more.
    fn push_component(&mut self, info: &str, more: impl FnOnce(Fields) -> Fields) {
        let fields = Fields::default()
            .text("AppId", &self.topology.component)
            .number("CreateTime", self.now_s())
            .text("InfoType", info);
        self.push(Target::Component, &more(fields));
    }

    /// The corp authorised the suite.
    pub(super) fn push_create_auth(&mut self, code: &str) {
        self.push_suite("create_auth", |fields| fields.text("AuthCode", code));
    }

    /// It changed what the suite may see.
    pub(super) fn push_change_auth(&mut self) {
        let corp = self.corpid(Caller::SuiteCorp).to_owned();
        self.push_suite("change_auth", |fields| fields.text("AuthCorpId", &corp));
    }

    /// It took the authorisation back.
    pub(super) fn push_cancel_auth(&mut self) {
        let corp = self.corpid(Caller::SuiteCorp).to_owned();
        self.push_suite("cancel_auth", |fields| fields.text("AuthCorpId", &corp));
    }

    /// It agrees to the upgrade of its external userids.
    pub(super) fn push_agreed(&mut self) {
        let (corp, provider) = (self.corpid(Caller::SuiteCorp).to_owned(), self.topology.provider.clone());
        self.push_suite("agree_external_userid_migration", |fields| {
            fields.text("AuthCorpId", &corp).text("ServiceCorpId", &provider)
        });
    }

    /// An app authorised the platform.
    pub(super) fn push_authorized(&mut self, appid: &str, code: &str, until_s: i64) {
        let pre_auth_code = self.draw("pre auth code", 64);
        self.push_component("authorized", |fields| {
            fields
                .text("AuthorizerAppid", appid)
                .text("AuthorizationCode", code)
                .number("AuthorizationCodeExpiredTime", until_s)
                .text("PreAuthCode", &pre_auth_code)
        });
    }

    /// It took that back.
    pub(super) fn push_unauthorized(&mut self, appid: &str) {
        self.push_component("unauthorized", |fields| fields.text("AuthorizerAppid", appid));
    }

    /// The newest tickets of the suite and of the platform.
    pub(super) fn push_tickets(&mut self) {
        let suite = self.provided.suite_tickets.newest().to_owned();
        let component = self.provided.component_tickets.newest().to_owned();
        self.push_suite("suite_ticket", |fields| fields.text("SuiteTicket", &suite));
        self.push_component("component_verify_ticket", |fields| {
            fields.text("ComponentVerifyTicket", &component)
        });
    }
}
