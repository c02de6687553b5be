//! What `analyze` prints for people: a table for each part of each measure.

use std::collections::BTreeMap;

use idweave::analytics::{
    Analysis, Began, BeganCount, Coverage, Degrees, Edges, Funnel, FunnelSteps, Growth, Hubs, Joint, Scopes,
    Sizes, Suspects, WeakJoints,
};

use crate::exit::Failure;
use crate::moment;
use crate::output::Out;

type Shown = Result<(), Failure>;

/// Shows each measure that was wanted.
pub(crate) fn show(analysis: &Analysis, out: &mut Out) -> Shown {
    let recorded = if analysis.seq == 0 { "-".to_owned() } else { moment::show(analysis.recorded_at) };
    let figures = [
        ("commits", analysis.seq.to_string()),
        ("last recorded", recorded),
        ("ids", analysis.ids.to_string()),
        ("entities", analysis.entities.to_string()),
    ];
    out.table(["FIGURE", ""], figures.map(|(name, value)| [name.to_owned(), value]))?;
    let shown = |measure: Option<Shown>| measure.unwrap_or(Ok(()));
    shown(analysis.coverage.as_ref().map(|it| coverage(it, out)))?;
    shown(analysis.reach.as_ref().map(|it| reach(it, out)))?;
    shown(analysis.funnel.as_ref().map(|it| funnel(it, out)))?;
    shown(analysis.growth.as_ref().map(|it| growth(it, out)))?;
    shown(analysis.sizes.as_ref().map(|it| sizes(it, out)))?;
    shown(analysis.degrees.as_ref().map(|it| degrees(it, out)))?;
    shown(analysis.edges.as_ref().map(|it| edges(it, out)))?;
    shown(analysis.hubs.as_ref().map(|it| hubs(it, out)))?;
    shown(analysis.weak_joints.as_ref().map(|it| weak_joints(it, out)))?;
    shown(analysis.suspects.as_ref().map(|it| suspects(it, out)))?;
    shown(analysis.contacts.as_ref().map(|it| began(it, CONTACTS, out)))?;
    shown(analysis.followers.as_ref().map(|it| began(it, FOLLOWERS, out)))
}

fn coverage(coverage: &Coverage, out: &mut Out) -> Shown {
    let name = |place: &usize| coverage.spaces.get(*place).map(ToString::to_string).unwrap_or_default();
    let rows = coverage.both.iter();
    let rows = rows
        .map(|((x, y), count)| [name(x), if x == y { "-".to_owned() } else { name(y) }, count.to_string()]);
    Ok(out.table(["COVERAGE: ENTITIES WITH IDS OF", "AND OF", ""], rows)?)
}

fn reach(reach: &Scopes, out: &mut Out) -> Shown {
    let rows = reach.spaces.iter().map(|(space, of)| {
        let figures = [of.ids, of.superseded, of.entities, of.entities_with_many, of.entities_alone];
        let [ids, superseded, entities, many, alone] = figures.map(|figure| figure.to_string());
        [space.to_string(), ids, superseded, entities, many, alone]
    });
    out.table(["REACH OF", "IDS", "SUPERSEDED", "ENTITIES", "WITH MANY", "WITH NO OTHER"], rows)?;
    let rows = reach.entities.iter().map(|(class, count)| [class.to_string(), count.to_string()]);
    Ok(out.table(["ENTITIES OF CLASS", ""], rows)?)
}

fn step_row(name: &str, steps: &FunnelSteps) -> [String; 5] {
    let figures = [steps.entities, steps.with_unionid, steps.with_external, steps.contacts];
    let [entities, unionid, external, contacts] = figures.map(|figure| figure.to_string());
    [name.to_owned(), entities, unionid, external, contacts]
}

fn funnel(funnel: &Funnel, out: &mut Out) -> Shown {
    let apps = funnel.apps.iter().map(|(app, of)| step_row(app, &of.steps));
    let rows = std::iter::once(step_row("all apps", &funnel.all)).chain(apps);
    out.table(["FUNNEL OF APP", "ENTITIES", "UNIONID", "EXTERNAL_USERID", "CONTACT"], rows)?;
    let rows = funnel.open_accounts.iter().map(|(key, steps)| step_row(key, steps));
    out.table(["OF OPEN ACCOUNT", "ENTITIES", "UNIONID", "EXTERNAL_USERID", "CONTACT"], rows)?;
    let rows = funnel.views.iter().map(|(view, of)| {
        let figures = [of.external, of.with_unionid, of.contacts, of.former];
        let pending = [of.pending_open, of.pending_closed, of.pending_expired];
        let [external, unionid, contacts, former] = figures.map(|figure| figure.to_string());
        let [open, closed, expired] = pending.map(|figure| figure.to_string());
        [view.clone(), external, unionid, contacts, former, open, closed, expired]
    });
    let heading =
        ["OF VIEW", "EXTERNAL_USERID", "UNIONID", "CONTACT", "FORMER", "PENDING", "CLOSED", "EXPIRED"];
    out.table(heading, rows)?;
    let rows = funnel.paths.iter().map(|((app, view), of)| {
        [app.clone(), view.clone(), of.external.to_string(), of.contacts.to_string()]
    });
    Ok(out.table(["FROM APP", "TO VIEW", "EXTERNAL_USERID", "CONTACT"], rows)?)
}

fn growth(growth: &Growth, out: &mut Out) -> Shown {
    let rows = growth.days.iter().map(|(day, of)| {
        let figures = [of.recorded, of.observed].map(|came| [came.ids, came.joins, came.merges]);
        let [[a, b, c], [d, e, f]] = figures.map(|clock| clock.map(|figure| figure.to_string()));
        [day.to_string(), a, b, c, d, e, f]
    });
    let heading = ["DAY", "IDS RECORDED", "JOINS", "MERGES", "IDS OBSERVED", "JOINS", "MERGES"];
    out.table(heading, rows)?;
    Ok(out.table(["IDS WITHOUT A DAY", ""], [[String::new(), growth.undated.to_string()]])?)
}

fn histogram(name: &str, counts: &BTreeMap<u64, u64>) -> Vec<[String; 3]> {
    counts.iter().map(|(value, count)| [name.to_owned(), value.to_string(), count.to_string()]).collect()
}

fn sizes(sizes: &Sizes, out: &mut Out) -> Shown {
    let rows = sizes.entities.iter().flat_map(|(class, counts)| histogram(class.name(), counts));
    out.table(["ENTITIES OF CLASS", "IDS", ""], rows)?;
    Ok(out.table(["PERSONS", "ENTITIES", ""], histogram("", &sizes.persons))?)
}

fn degrees(degrees: &Degrees, out: &mut Out) -> Shown {
    for (heading, kinds) in [("LINKED IDS OF KIND", &degrees.links), ("HINTED IDS OF KIND", &degrees.hints)] {
        let rows = kinds.iter().flat_map(|(kind, counts)| histogram(kind, counts));
        out.table([heading, "OTHERS", ""], rows)?;
    }
    Ok(())
}

fn edges(edges: &Edges, out: &mut Out) -> Shown {
    for (heading, counts) in
        [("ACCEPTED EDGES", &edges.accepted), ("ACCEPTED BETWEEN ENTITIES", &edges.accepted_persons)]
    {
        let rows = counts.iter().map(|(strength, count)| [strength.name().to_owned(), count.to_string()]);
        out.table([heading, ""], rows)?;
    }
    let rows = edges.rejected.iter().map(|(of, count)| {
        let (a, b) = &of.spaces;
        [of.reason.to_string(), a.to_string(), b.to_string(), count.to_string()]
    });
    out.table(["REJECTED EDGES", "BETWEEN", "AND", ""], rows)?;
    let rows = edges.cardinality.iter().map(|(space, count)| [space.to_string(), count.to_string()]);
    Ok(out.table(["TOO MANY IDS OF", ""], rows)?)
}

fn hubs(hubs: &Hubs, out: &mut Out) -> Shown {
    let counts = [("hubs", hubs.hubs), ("hint hubs", hubs.hint_hubs)];
    out.table(["HUBS", ""], counts.map(|(name, count)| [name.to_owned(), count.to_string()]))?;
    let rows = hubs.listed.iter().map(|hub| {
        let toward = hub.toward.as_ref().map_or_else(|| "hints".to_owned(), ToString::to_string);
        [hub.id.to_string(), hub.entity.to_string(), toward, hub.degree.to_string()]
    });
    Ok(out.table(["HUB", "ENTITY", "TOWARD", "OTHERS"], rows)?)
}

fn parts(joint: &Joint) -> String {
    format!("{} + {}", joint.smaller_part, joint.greater_part)
}

fn weak_joints(joints: &WeakJoints, out: &mut Out) -> Shown {
    let rows = joints.bridges.iter().map(|(strength, of)| {
        let figures = [of.bridges, of.single_evidence, of.between_groups, of.single_between_groups];
        let [all, single, between, both] = figures.map(|figure| figure.to_string());
        [strength.name().to_owned(), all, single, between, both]
    });
    out.table(["BRIDGES", "ALL", "ONE EVIDENCE", "BETWEEN GROUPS", "BOTH"], rows)?;
    let rows = joints.listed.iter().map(|joint| {
        let evidence = joint.evidence.to_string();
        let ends = [joint.a.to_string(), joint.b.to_string()];
        let [a, b] = ends;
        [joint.entity.to_string(), joint.strength.name().to_owned(), evidence, parts(joint), a, b]
    });
    Ok(out.table(["BRIDGE OF ENTITY", "STRENGTH", "EVIDENCE", "PARTS", "BETWEEN", "AND"], rows)?)
}

fn suspects(suspects: &Suspects, out: &mut Out) -> Shown {
    let rows = suspects.over.iter().map(|(rule, count)| [rule.name().to_owned(), count.to_string()]);
    out.table(["MAY BE SEVERAL", ""], rows)?;
    let rows = suspects.over_listed.iter().map(|of| {
        let joint = &of.joint;
        let ends = [joint.a.to_string(), joint.b.to_string()];
        let [a, b] = ends;
        [of.rule.name().to_owned(), joint.entity.to_string(), of.ids.to_string(), parts(joint), a, b]
    });
    out.table(["RULE", "ENTITY", "IDS", "PARTS", "BETWEEN", "AND"], rows)?;
    let rows = suspects.under.iter().map(|(rule, count)| [rule.name().to_owned(), count.to_string()]);
    out.table(["MAY BE ONE", ""], rows)?;
    let rows = suspects.under_listed.iter().map(|of| {
        let entities: Vec<String> = of.entities.iter().map(ToString::to_string).collect();
        let by: Vec<String> = of.by.iter().map(ToString::to_string).collect();
        [of.rule.name().to_owned(), entities.join(", "), of.ids.to_string(), by.join(" and ")]
    });
    Ok(out.table(["RULE", "ENTITIES", "IDS", "BY"], rows)?)
}

/// Headings: of all, and by way, channel and owner.
type BeganHeadings = [&'static str; 4];

const CONTACTS: BeganHeadings = ["NEW CONTACTS", "BY WAY", "BY CHANNEL", "BY EMPLOYEE"];
const FOLLOWERS: BeganHeadings = ["NEW FOLLOWERS", "BY SCENE", "BY CHANNEL", "BY APP"];

fn began_heading(first: &str) -> [&str; 4] {
    [first, "BEGAN", "FIRST", "STILL OPEN"]
}

fn began(began: &Began, [all, by_way, by_channel, by_owner]: BeganHeadings, out: &mut Out) -> Shown {
    let row = |name: String, count: &BeganCount| {
        [name, count.began.to_string(), count.first.to_string(), count.open.to_string()]
    };
    let unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let days = began.days.iter().map(|(day, count)| row(day.to_string(), count));
    out.table(began_heading(all), std::iter::once(row("all".to_owned(), &began.total)).chain(days))?;
    out.table(began_heading(by_way), began.ways.iter().map(|(way, count)| row(unknown(way), count)))?;
    let channels = began.channels.iter().map(|(channel, count)| row(unknown(channel), count));
    out.table(began_heading(&format!("{by_channel} ({})", began.channel_count)), channels)?;
    let owners = began.owners.iter().map(|of| row(of.id.to_string(), &of.count));
    out.table(began_heading(&format!("{by_owner} ({})", began.owner_count)), owners)?;
    Ok(())
}
