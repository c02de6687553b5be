//! `audit`: which erasures and restrictions were done, and which published snapshots are there; no identifiers.

use idweave::{Audited, AuditedAct, Error, Graph, Published};
use serde_json::json;

use crate::cli::Common;
use crate::database::{self, Place};
use crate::exit::{Done, Failure, say};
use crate::moment::show;
use crate::output::Out;

/// Digits of an HMAC that people are shown.
const SHORT_DIGITS: usize = 16;

pub(crate) fn run(common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let audits = database::read(common)?.audits()?;
    let published = match Place::of(common)? {
        Place::Snapshot(_) => Vec::new(),
        Place::Database(dir) => match Graph::open(dir) {
            Err(Error::Locked { .. }) => {
                say("somebody writes the database: its published snapshots are not listed");
                Vec::new()
            }
            opened => opened?.published()?,
        },
    };
    if common.json {
        audits.iter().try_for_each(|audit| out.json(&audit_json(audit)))?;
        published.iter().try_for_each(|one| out.json(&json!({"published": published_json(one)})))?;
    } else {
        show_all(&audits, &published, out)?;
    }
    Ok(Done::found(!audits.is_empty()))
}

fn audit_json(audit: &Audited) -> serde_json::Value {
    let (act, reach, sticky) = words(&audit.act);
    json!({
        "seq": audit.seq,
        "recorded_at": show(audit.recorded_at),
        "at": show(audit.at),
        "act": act,
        "reach": reach,
        "sticky": sticky,
        "ids": audit.ids.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// A published snapshot.
pub(crate) fn published_json(published: &Published) -> serde_json::Value {
    json!({
        "path": published.path.display().to_string(),
        "seq": published.seq,
        "recorded_at": show(published.recorded_at),
        "readable": published.is_readable,
    })
}

fn words(act: &AuditedAct) -> (&'static str, Option<&'static str>, Option<bool>) {
    match act {
        AuditedAct::Erased { reach: idweave::model::Reach::Id, sticky } => {
            ("erased", Some("id"), Some(*sticky))
        }
        AuditedAct::Erased { sticky, .. } => ("erased", Some("entity"), Some(*sticky)),
        AuditedAct::Restricted => ("restricted", None, None),
        _ => ("unrestricted", None, None),
    }
}

fn show_all(audits: &[Audited], published: &[Published], out: &mut Out) -> Result<(), Failure> {
    if audits.is_empty() {
        out.line("nothing was erased or restricted")?;
    } else {
        let rows = audits.iter().map(|audit| {
            let (act, reach, sticky) = words(&audit.act);
            let sticky = if sticky == Some(true) { ", sticky" } else { "" };
            let ids =
                audit.ids.iter().map(|id| id.to_string().chars().take(SHORT_DIGITS).collect::<String>());
            [
                audit.seq.to_string(),
                show(audit.recorded_at),
                show(audit.at),
                format!("{act}{}{sticky}", reach.map(|reach| format!(" ({reach})")).unwrap_or_default()),
                audit.ids.len().to_string(),
                ids.collect::<Vec<_>>().join(" "),
            ]
        });
        out.table(["COMMIT", "RECORDED", "AT", "WHAT", "IDS", "HMAC"], rows)?;
    }
    for one in published {
        out.line(&format!("published: commit {} in {}", one.seq, one.path.display()))?;
    }
    Ok(())
}
