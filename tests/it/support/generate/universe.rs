//! The ids, names and times a stream draws from, and how much of what it draws.

use idweave::{Id, Time};

use super::{Flavour, Random};

pub(crate) const OPEN_ACCOUNTS: [&str; 2] = ["openA", "openB"];
pub(crate) const APPS: [&str; 3] = ["wx00000000000000a1", "wx00000000000000a2", "WX00000000000000A3"];
pub(crate) const CORPS: [&str; 2] = ["ww00000000000000c1", "ww00000000000000c2"];
/// Open_corpids of the two corps, in their order.
pub(crate) const ALIASES: [&str; 2] = ["wpAlias1", "wpAlias2"];

const SOURCES: [&str; 16] = [
    "mp.user_info",
    "mp.user_info",
    "mini.code2session",
    "work.contact_get",
    "work.idconvert",
    "open.login",
    "shop.order",
    "app.login",
    "mp.web_oauth",
    "app.web_oauth",
    "work.state",
    "import.crm",
    "operator.alice",
    "operator.bob",
    "phone.mini",
    "hint.name",
];

/// What most facts of a stream are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Everything,
    Identity,
    Persons,
    Supersedes,
    PendingAndTopology,
    Retractions,
    Relations,
    Toggles,
    /// Few ids and sources, so that every edge has many evidences.
    Dense,
    Erasure,
}

/// Where the facts of one stream come from.
#[derive(Debug)]
pub(crate) struct Universe {
    pub(crate) flavour: Flavour,
    pub(crate) mood: Mood,
    pub(crate) accounts: Vec<Id>,
    pub(crate) staff: Vec<Id>,
    pub(crate) chats: Vec<Id>,
    pub(crate) others: Vec<Id>,
    /// Pairs that much is said of, so that toggles, retractions and links meet.
    hot_pairs: Vec<(Id, Id)>,
    hot_ids: Vec<Id>,
    sources: Vec<&'static str>,
    days: Vec<i64>,
    /// Facts about rules and kinds come one in so many.
    pub(crate) rules_one_in: usize,
}

/// 2024-06-01, so that every generated time lies in 2024-2026.
const BASE_MS: i64 = 1_717_200_000_000;

impl Universe {
    pub(crate) fn draw(seed: u64, flavour: Flavour) -> Universe {
        let mut random = Random::new(seed);
        let mood = *random.pick(&[
            Mood::Everything,
            Mood::Identity,
            Mood::Identity,
            Mood::Persons,
            Mood::Supersedes,
            Mood::PendingAndTopology,
            Mood::Retractions,
            Mood::Relations,
            Mood::Toggles,
            Mood::Dense,
            Mood::Dense,
            Mood::Dense,
            Mood::Erasure,
        ]);
        let mut spaces = account_spaces(mood);
        random.shuffle(&mut spaces);
        // Few spaces with several values each: that is where conflicts are.
        let is_dense = mood == Mood::Dense;
        spaces.truncate(if is_dense { 2 } else { 2 + random.below(5) });
        let values = if is_dense { 2 } else { 2 + random.below(5) };
        let mut accounts: Vec<Id> = spaces.iter().flat_map(|space| ids_in(space, values)).collect();
        if flavour == Flavour::Aliases {
            accounts.extend(ids_in("external_userid:wpAlias1", 3));
            accounts.extend(ids_in("external_userid:ww00000000000000c1", 3));
        }
        let mut staff = ids_in("userid:ww00000000000000c1", 3);
        staff.extend(ids_in("userid:ww00000000000000c1@provP", 2));
        // Another spelling of the same key, and under a viewer another id.
        staff.extend(["userid:ww00000000000000c1:V1", "userid:ww00000000000000c1@provP:V1"].map(id));
        let mut chats = ids_in("chat_id:ww00000000000000c1", 3);
        chats.extend(ids_in("opengid:wx00000000000000a1", 2));
        if flavour == Flavour::Aliases {
            staff.extend(ids_in("userid:wpAlias1", 2));
            staff.extend(ids_in("userid:wpAlias1@provP", 2));
            chats.extend(ids_in("chat_id:wpAlias1", 2));
        }
        let mut others = ids_in("department:ww00000000000000c1", 2);
        others.extend(["app::wx00000000000000a1", "app::wx00000000000000a2"].map(id));
        others.extend(["corpid::ww00000000000000c1", "corpid:@provP:wpX", "corpid:@provP:wpY"].map(id));
        let mut sources = SOURCES.to_vec();
        random.shuffle(&mut sources);
        sources.truncate(2 + random.below(8));
        if mood == Mood::Persons {
            sources.extend(["operator.alice", "hint.name", "hint.name"]);
        }
        if is_dense {
            sources.truncate(random.below(3));
            let dense = ["mp.web_oauth", "work.state", "operator.bob"];
            sources.push(*random.pick(&dense));
        }
        if mood == Mood::Supersedes && random.one_in(2) {
            sources = vec!["import.crm", "mp.web_oauth", "hint.name", "work.idconvert"];
        }
        let mut days = vec![0, 0, 1, 2, 89, 90, 91, 200];
        random.shuffle(&mut days);
        days.truncate(2 + random.below(4));
        if is_dense {
            days = vec![0, 0, 1];
        }
        let rules_one_in = *random.pick(&[6, 15, 40, 1000]);
        let (hot_pairs, hot_ids) = (Vec::new(), Vec::new());
        let mut universe = Universe {
            flavour,
            mood,
            accounts,
            staff,
            chats,
            others,
            hot_pairs,
            hot_ids,
            sources,
            days,
            rules_one_in,
        };
        universe.hot_pairs = (0..4).map(|_| universe.pair(&mut random)).collect();
        universe.hot_ids = (0..3).map(|_| universe.any_id(&mut random)).collect();
        universe
    }

    /// A source; phones and hints among them.
    pub(crate) fn source(&self, random: &mut Random) -> String {
        (*random.pick(&self.sources)).to_owned()
    }

    /// Clustered times: exact ties, one millisecond beside a day, and days.
    pub(crate) fn time(&self, random: &mut Random) -> Time {
        let day = *random.pick(&self.days);
        let beside = *random.pick(&[0, 0, 0, 0, 0, 0, 1, -1, 3_600_000]);
        Time::from_ms(BASE_MS + day * Time::DAY_MS + beside)
    }

    /// A pair much is said of, in either order, or any.
    pub(crate) fn hot_pair(&self, random: &mut Random) -> (Id, Id) {
        if random.one_in(3) {
            return self.pair(random);
        }
        let (a, b) = random.pick(&self.hot_pairs).clone();
        if random.one_in(2) { (a, b) } else { (b, a) }
    }

    /// An id much is said of, or any.
    pub(crate) fn hot_id(&self, random: &mut Random) -> Id {
        if random.one_in(3) { self.any_id(random) } else { random.pick(&self.hot_ids).clone() }
    }

    /// Two different ids of one class, accounts most of the time.
    pub(crate) fn pair(&self, random: &mut Random) -> (Id, Id) {
        let class = match random.below(20) {
            0 | 1 => &self.staff,
            2 => &self.chats,
            3 if random.one_in(2) => &self.others,
            _ => &self.accounts,
        };
        let a = random.pick(class).clone();
        loop {
            let b = random.pick(class).clone();
            if b != a && b.class() == a.class() {
                return (a, b);
            }
        }
    }

    /// Any id, an account most of the time.
    pub(crate) fn any_id(&self, random: &mut Random) -> Id {
        let class = match random.below(12) {
            0 => &self.staff,
            1 => &self.chats,
            2 => &self.others,
            _ => &self.accounts,
        };
        random.pick(class).clone()
    }
}

fn account_spaces(mood: Mood) -> Vec<&'static str> {
    let mut spaces = vec![
        "unionid:openA",
        "unionid:openA",
        "unionid:openB",
        "openid:wx00000000000000a1",
        "openid:wx00000000000000a2",
        "openid:wx00000000000000a3",
        "external_userid:ww00000000000000c1",
        "external_userid:ww00000000000000c1@provP",
        "external_userid:ww00000000000000c2",
        "external_userid:@provP",
        "pending_id:ww00000000000000c1",
        "pending_id:ww00000000000000c1@provP",
        "state_token:ww00000000000000c1",
        "phone:key1",
        "openpid:plugin1",
        "group_openid:wx00000000000000a1@g1",
        "wecom_pay_openid:ww00000000000000c1",
        "wecom_web_openid:provP",
        "custom.card:shop",
        "custom.tag:shop",
    ];
    match mood {
        Mood::PendingAndTopology => spaces.truncate(12),
        Mood::Persons => spaces.extend(["phone:key1", "phone:key1", "unionid:openA"]),
        _ => {}
    }
    spaces
}

fn ids_in(space: &str, count: usize) -> Vec<Id> {
    (1..=count)
        .map(|number| {
            if space.starts_with("phone") {
                id(&format!("{space}:{number:064x}"))
            } else {
                id(&format!("{space}:v{number}"))
            }
        })
        .collect()
}

pub(crate) fn id(text: &str) -> Id {
    let parsed = text.parse::<Id>();
    assert!(parsed.is_ok(), "the generator wrote a bad id: {text}");
    parsed.unwrap_or_else(|_| unreachable!("asserted above"))
}
