//! Conflicts as work: each suggested act does away with its conflict.

use idweave::{Act, Fact, OpenConflict, Read};

use crate::laws::campaign::{campaign, report};
use crate::laws::engine::{fed, feed};
use crate::laws::subject::Subject;
use crate::laws::{Check, RARE};
use crate::support::generate::{Flavour, NOW, Random};

/// Conflicts of a stream whose acts are tried.
const TRIED: usize = 4;

fn conflicts(graph: &Subject) -> Result<Vec<OpenConflict>, String> {
    let view = graph.view();
    view.conflicts().collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn is_of(conflict: &OpenConflict, other: &OpenConflict) -> bool {
    (&conflict.edge.a, &conflict.edge.b, conflict.edge.kind)
        == (&other.edge.a, &other.edge.b, other.edge.kind)
}

fn acts_close(facts: &[Fact], random: &mut Random) -> Check {
    let mut open = conflicts(&fed(facts)?)?;
    random.shuffle(&mut open);
    for conflict in open.iter().take(TRIED) {
        for act in &conflict.acts {
            let graph = fed(facts)?;
            feed(&graph, &[act.fact("alice", "test", NOW)])?;
            let still = conflicts(&graph)?.into_iter().find(|other| is_of(other, conflict));
            let is_closed = match (act, &still) {
                // It may collide elsewhere too.
                (Act::Supersede { .. }, Some(still)) => still.edge.conflict != conflict.edge.conflict,
                (_, still) => still.is_none(),
            };
            if !is_closed {
                return Err(format!("{act:?} does not close {conflict:?}"));
            }
        }
    }
    Ok(())
}

#[test]
pub(super) fn every_act_that_is_suggested_closes_its_conflict() {
    for flavour in [Flavour::Kept, Flavour::Commuting] {
        report(campaign("acts", flavour, RARE, acts_close));
    }
}
