//! `history`: how the entity of an id came to be.

use idweave::{HistoryStep, Id, ndjson};

use crate::answers::HistoryAnswer;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment;
use crate::output::Out;
use crate::resolve::IdArgs;

pub(crate) fn run(args: &IdArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let id = database::id("ID", &args.id)?;
    let steps = database::read(common)?.history(&id)?;
    for step in &steps {
        if common.json {
            out.json(&HistoryAnswer::from(step))?;
        } else {
            show(step, out)?;
        }
    }
    if steps.is_empty() && !common.json {
        out.line("unknown")?;
    }
    Ok(Done::found(!steps.is_empty()))
}

fn show(step: &HistoryStep, out: &mut Out) -> Result<(), Failure> {
    let entity = step.entity.map_or_else(|| "no entity".to_owned(), |entity| format!("entity {entity}"));
    out.line(&format!("commit {}, {}: {entity}", step.seq, moment::show(step.recorded_at)))?;
    let mut ids = |sign: char, ids: &[Id]| ids.iter().try_for_each(|id| out.line(&format!("  {sign} {id}")));
    ids('+', &step.joined)?;
    ids('-', &step.left)?;
    for id in &step.superseded {
        out.line(&format!("  superseded: {id}"))?;
    }
    step.undid.iter().try_for_each(|seq| out.line(&format!("  undoes commit {seq}")))?;
    step.because.iter().try_for_each(|fact| out.line(&format!("  because {}", ndjson::print(fact))))?;
    Ok(())
}
