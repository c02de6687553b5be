//! What measures ask of an id by its number: its space, its entity, whether it may be answered; read without its family's
//! nodes and pairs.

use crate::error::Result;
use crate::records::{NodeNo, Slot, Sym};
use crate::segment::Known;
use crate::store::hash::hash_node;
use crate::store::state::State;

/// An id in brief.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Brief {
    pub(crate) space: Sym,
    pub(crate) entity: NodeNo,
    pub(crate) restricted: bool,
}

impl State {
    /// The id of a number in brief; `None` if there is none.
    pub(crate) fn brief(&self, number: NodeNo) -> Result<Option<Brief>> {
        for delta in self.deltas() {
            match delta.nodes.find(hash_node(number), |_| true) {
                Some((_, Slot::Live(node))) => {
                    let (space, entity, restricted) = (node.space, node.entity, node.restricted);
                    return Ok(Some(Brief { space, entity, restricted }));
                }
                Some((_, Slot::Gone(_))) => return Ok(None),
                None => {}
            }
        }
        if number >= self.layers.numbers_below() {
            return Ok(None);
        }
        for segment in self.layers.segments() {
            match segment.find_node(number)? {
                Known::Nothing => {}
                Known::Gone(_) => return Ok(None),
                Known::Family(record) => {
                    let found = segment.brief_in(&record, number)?;
                    return Ok(found.map(|(space, entity, restricted)| Brief { space, entity, restricted }));
                }
            }
        }
        Ok(None)
    }

    /// Shows the numbers that lie beside one in the record that the segments have of it.
    pub(crate) fn each_beside(&self, number: NodeNo, mut visit: impl FnMut(NodeNo)) -> Result<()> {
        for segment in self.layers.segments() {
            match segment.find_node(number)? {
                Known::Nothing => {}
                Known::Gone(_) => return Ok(()),
                Known::Family(record) => {
                    segment.members(&record)?.iter().for_each(|member| visit(member.number));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Shows the numbers of which the deltas say something: by themselves, or as an end of a pair.
    pub(crate) fn each_told(&self, mut visit: impl FnMut(NodeNo)) {
        for delta in self.deltas() {
            delta.nodes.values().for_each(|(number, _)| visit(*number));
            delta.pairs.values().for_each(|(key, _)| [key.a, key.b].into_iter().for_each(&mut visit));
        }
    }
}
