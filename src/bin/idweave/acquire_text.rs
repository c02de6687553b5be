//! What `acquire` prints for people: routes with their steps, then what does not apply.

use idweave::wechat::acquire::{
    Access, Asked, Blocked, Condition, Lang, Names, Per, Quota, Reason, Route, RouteKind, Routes, Standing,
    Step, Way, text, ways,
};
use idweave::{Id, KindScope, Time};

use crate::moment;

/// The texts of a language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) lang: Lang,
}

/// Every way, product by product as the catalogue has them.
pub(crate) fn catalogue(words: Words) -> Vec<String> {
    let mut lines = vec![words.text("ui.catalogue"), String::new()];
    for way in ways() {
        lines.push(format!("{}: {}", way.name, way.title(words.lang)));
        let spaces = |spaces: Vec<&str>| spaces.join(", ");
        let from: Vec<&str> =
            way.from.iter().chain(way.with).filter_map(|space| space.kind).map(|kind| kind.name()).collect();
        let to: Vec<&str> =
            way.yields.iter().filter_map(|given| given.space.kind).map(|kind| kind.name()).collect();
        let given = if to.is_empty() { words.text("ui.nothing") } else { spaces(to) };
        lines.push(match from.is_empty() {
            true => format!("    {}: {given}", words.text("ui.gives")),
            false => format!("    {} -> {given}", spaces(from)),
        });
        let interrupts = words.text(&way.interrupts.key());
        lines.push(format!("    {interrupts}{}{}", words.separator(), words.side(way.front_end)));
        let names = Names::default();
        let conditions: Vec<String> =
            way.conditions.iter().map(|condition| words.condition(*condition, &names)).collect();
        words.push_list(&mut lines, 4, "ui.needs", conditions);
        words.push_row(&mut lines, 4, way);
        lines.push(String::new());
    }
    lines
}

impl Words {
    /// The text of a key.
    pub(crate) fn text(self, key: &str) -> String {
        text(self.lang, key).unwrap_or(key).to_owned()
    }

    /// The text of a key, with what stands in braces filled in.
    pub(crate) fn filled(self, key: &str, values: &[(&str, &str)]) -> String {
        let fill = |text: String, (name, value): &(&str, &str)| text.replace(&format!("{{{name}}}"), value);
        values.iter().fold(self.text(key), fill)
    }

    fn separator(self) -> &'static str {
        match self.lang {
            Lang::En => "; ",
            Lang::Zh => "\u{ff1b}",
        }
    }

    fn side(self, front_end: bool) -> String {
        self.text(if front_end { "ui.front_end" } else { "ui.server" })
    }

    fn bracketed(self, text: &str, inside: &str) -> String {
        match self.lang {
            Lang::En => format!("{text} ({inside})"),
            Lang::Zh => format!("{text}\u{ff08}{inside}\u{ff09}"),
        }
    }

    fn labelled(self, label: &str, text: &str) -> String {
        let colon = match self.lang {
            Lang::En => ": ",
            Lang::Zh => "\u{ff1a}",
        };
        format!("{}{colon}{text}", self.text(label))
    }

    fn push_list(self, lines: &mut Vec<String>, indent: usize, label: &str, items: Vec<String>) {
        if !items.is_empty() {
            let text = self.labelled(label, &items.join(self.separator()));
            lines.push(format!("{:indent$}{text}", ""));
        }
    }

    /// The answer, line by line.
    pub(crate) fn routes(self, have: &Id, want: &KindScope, answer: &Routes, most: usize) -> Vec<String> {
        let question = [("have", have.as_str()), ("want", want.as_str())];
        let mut lines = vec![self.filled("ui.question", &question)];
        let (mut number, mut told) = (0, Vec::new());
        for route in answer.routes.iter().take(most) {
            lines.push(String::new());
            match &route.kind {
                RouteKind::Known(ids) => lines.push(self.filled("ui.known", &[("ids", &joined(ids))])),
                RouteKind::KnownProvisionally(ids) => {
                    lines.push(self.filled("ui.known_provisionally", &[("ids", &joined(ids))]));
                }
                RouteKind::Asked => {
                    number += 1;
                    self.push_route(&mut lines, &mut told, number, route);
                }
            }
        }
        if answer.routes.is_empty() {
            lines.extend([String::new(), self.text("ui.no_route")]);
        }
        let more = answer.routes.len().saturating_sub(most);
        if more > 0 {
            lines.extend([String::new(), self.filled("ui.more", &[("count", &more.to_string())])]);
        }
        self.push_blocked(&mut lines, &answer.blocked);
        lines
    }

    fn push_route<'r>(
        self,
        lines: &mut Vec<String>,
        told: &mut Vec<(String, &'r Step)>,
        number: usize,
        route: &'r Route,
    ) {
        let (usability, interrupts) = (route.usability.key(), route.interrupts.key());
        lines.push(self.filled(
            "ui.route",
            &[
                ("number", &number.to_string()),
                ("usability", &self.text(&usability)),
                ("interrupts", &self.text(&interrupts)),
                ("side", &self.side(route.front_end)),
            ],
        ));
        for (place, step) in route.steps.iter().enumerate() {
            let number = format!("{number}.{}", place + 1);
            // A step that was told already is not told again.
            if let Some((above, _)) = told.iter().find(|(_, known)| *known == step) {
                let values = [("number", above.as_str()), ("title", step.way.title(self.lang))];
                let title = self.filled("ui.as_above", &values);
                lines.push(format!(
                    "   {}",
                    self.filled("ui.step", &[("number", &number), ("title", &title)])
                ));
                continue;
            }
            let values = [("number", number.as_str()), ("title", step.way.title(self.lang))];
            lines.push(format!("   {}", self.filled("ui.step", &values)));
            self.push_step(lines, step);
            told.push((number, step));
        }
    }

    fn push_step(self, lines: &mut Vec<String>, step: &Step) {
        const INDENT: usize = 7;
        let to = self.spot(step.to.as_str());
        let mut gives = vec![self.filled(&step.gives.key(), &[("to", &to)])];
        if let Some(pending) = &step.or_pending {
            gives.push(self.filled("ui.or_pending", &[("pending", pending.as_str())]));
        }
        self.push_list(lines, INDENT, "ui.gives", gives);
        let with = |wanted: fn(&Standing) -> bool| {
            let found = step.conditions.iter().filter(|(_, standing)| wanted(standing));
            found.map(|(condition, _)| self.condition(*condition, &step.names)).collect::<Vec<_>>()
        };
        self.push_list(lines, INDENT, "ui.waits", with(|found| *found == Standing::Awaited));
        self.push_list(lines, INDENT, "ui.depends", with(|found| *found == Standing::NotKnown));
        self.push_list(lines, INDENT, "ui.holds", with(|found| *found == Standing::Met));
        self.push_list(lines, INDENT, "ui.needs", with(|found| *found == Standing::Presumed));
        if let Some(asked) = &step.asked {
            lines.push(format!("{:INDENT$}{}", "", self.asked(asked)));
        }
        self.push_row(lines, INDENT, step.way);
    }

    fn asked(self, asked: &Asked) -> String {
        let key = if asked.recent { "ui.asked_lately" } else { "ui.asked" };
        self.filled(key, &[("date", &day(asked.as_of)), ("source", &asked.source)])
    }

    /// What a way says of itself: calls, time, quota, what else it tells, pitfalls.
    fn push_row(self, lines: &mut Vec<String>, indent: usize, way: &Way) {
        let access = |access: &Access| {
            self.bracketed(&access.endpoints.join(" + "), &self.text(&access.credential.key()))
        };
        let mut calls: Vec<String> = way.access.iter().map(access).collect();
        calls.push(self.text(&way.calls.key()));
        self.push_list(lines, indent, "ui.calls", calls);
        let window = way.window.map(|window| self.text(&window.key()));
        self.push_list(lines, indent, "ui.window", window.into_iter().collect());
        self.push_list(lines, indent, "ui.quota", way.quota.iter().map(|quota| self.quota(*quota)).collect());
        let also = way.also.iter().map(|also| self.text(&also.key()));
        self.push_list(lines, indent, "ui.also", also.collect());
        for pitfall in way.pitfalls(self.lang) {
            lines.push(format!("{:indent$}{}", "", self.labelled("ui.pitfall", pitfall)));
        }
    }

    fn quota(self, quota: Quota) -> String {
        let count = self.number(quota.count);
        if quota.per == Per::Call {
            return self.filled("ui.quota_call", &[("count", &count)]);
        }
        let (per, shared) = (self.text(&quota.per.key()), self.text(&quota.shared.key()));
        self.filled("ui.quota_line", &[("count", &count), ("per", &per), ("shared", &shared)])
    }

    /// A count as people write it: by thousands, or by ten thousands.
    fn number(self, count: u64) -> String {
        match self.lang {
            Lang::Zh if count >= 10_000 && count.is_multiple_of(10_000) => {
                format!("{} \u{4e07}", count / 10_000)
            }
            Lang::Zh => format!("{count} "),
            Lang::En => {
                let digits = count.to_string();
                let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
                groups.collect::<Vec<_>>().join(",")
            }
        }
    }

    /// A spot whose open account may not be known.
    fn spot(self, spot: &str) -> String {
        match spot.strip_suffix('?') {
            Some(kind) => format!("{kind}{}", self.text("ui.unknown_open")),
            None => spot.to_owned(),
        }
    }

    /// What a condition says of these names.
    pub(crate) fn condition(self, condition: Condition, names: &Names) -> String {
        self.named(&condition.key(), names, &[])
    }

    fn named(self, key: &str, names: &Names, more: &[(&str, &str)]) -> String {
        let unknown = self.text("ui.unknown_open");
        let values = [
            ("app", names.app().unwrap_or("APPID")),
            ("old_app", names.old_app().unwrap_or("APPID")),
            ("open", names.open_account().unwrap_or(&unknown)),
            ("corp", names.corp().unwrap_or("CORP")),
            ("viewer", names.viewer().unwrap_or("VIEWER")),
        ];
        self.filled(key, &[&values[..], more].concat())
    }

    /// What a reason says of these names.
    pub(crate) fn reason(self, reason: &Reason, names: &Names) -> String {
        let date = match reason {
            Reason::NotFollowing(at) | Reason::NotFollowingOldApp(at) | Reason::PendingLives(at) => {
                at.map(day)
            }
            Reason::PendingDied(at) | Reason::ContactEnded(at) | Reason::LeftChat(at) => Some(day(*at)),
            _ => None,
        };
        let other = match reason {
            Reason::AppBoundElsewhere(other) | Reason::CorpBoundElsewhere(Some(other)) => other,
            _ => "",
        };
        let kinds = match reason {
            Reason::NothingToStartFrom(kinds) => kinds.join(", "),
            _ => String::new(),
        };
        let date = date.unwrap_or_else(|| "-".to_owned());
        self.named(&reason.key(), names, &[("date", &date), ("other", other), ("kinds", &kinds)])
    }

    /// What does not apply; ways with the same reasons under one head.
    fn push_blocked(self, lines: &mut Vec<String>, blocked: &[Blocked]) {
        if blocked.is_empty() {
            return;
        }
        lines.extend([String::new(), self.text("ui.blocked")]);
        let mut groups: Vec<(String, Vec<&Way>)> = Vec::new();
        for one in blocked {
            let reasons: Vec<String> =
                one.reasons.iter().map(|reason| self.reason(reason, &one.names)).collect();
            let reasons = reasons.join(self.separator());
            match groups.iter_mut().find(|(known, _)| *known == reasons) {
                Some((_, ways)) => ways.push(one.way),
                None => groups.push((reasons, vec![one.way])),
            }
        }
        for (reasons, ways) in groups {
            lines.push(format!("   - {reasons}"));
            for way in ways {
                let calls = way.access.first().and_then(|access| access.endpoints.last()).copied();
                let line = self.bracketed(way.title(self.lang), calls.unwrap_or_default());
                lines.push(format!("       {line}"));
            }
        }
    }
}

fn joined(ids: &[Id]) -> String {
    ids.iter().map(Id::as_str).collect::<Vec<_>>().join(" ")
}

/// The day of a time.
fn day(at: Time) -> String {
    moment::show(at).chars().take(10).collect()
}
