//! What is fresh: ids of which a delta says something, and whatever lay in a record beside one.

use crate::analytics::pass::bits::Bits;
use crate::analytics::pass::family::FamilySeen;
use crate::analytics::pass::shared::Shared;
use crate::engine::entity_members;
use crate::error::Result;
use crate::records::{NodeNo, Pair, PairKey};
use crate::store::{Lens, Source, State};

/// The numbers that are fresh; `None` if none is.
pub(crate) fn fresh_numbers(state: &State) -> Result<Option<Bits>> {
    let told = Bits::none_of(state.number_count);
    let mut any = false;
    state.each_told(|number| {
        told.set(number);
        any = true;
    });
    if !any {
        return Ok(None);
    }
    let fresh = Bits::none_of(state.number_count);
    for number in (0..told.words()).flat_map(|word| told.in_word(word)) {
        if !fresh.has(number) {
            fresh.set(number);
            state.each_beside(number, |beside| fresh.set(beside))?;
        }
    }
    Ok(Some(fresh))
}

/// The entity whose number is `root`, if that is one's, in place of what was seen before; pairs with other fresh ids, of which
/// an id of it is the smaller, come into `outside`.
pub(crate) fn read_entity(
    lens: &Lens<&State>,
    root: NodeNo,
    fresh: &Bits,
    shared: &Shared<'_>,
    seen: &mut FamilySeen,
    outside: &mut Vec<Pair>,
) -> Result<()> {
    seen.clear();
    outside.clear();
    let Some(own) = lens.node(root).filter(|node| node.entity == root) else { return Ok(()) };
    let members = entity_members(lens, root);
    for number in &members {
        let Some(node) = lens.node(*number) else { continue };
        seen.push(*number, node, own.person, shared)?;
        if !shared.depth.pairs {
            continue;
        }
        let others = node.groups.iter().flat_map(|group| lens.links(*number, group));
        for other in others.filter(|other| number < other) {
            let is_inside = members.binary_search(&other).is_ok();
            if (is_inside || fresh.has(other))
                && let Some(pair) = lens.pair(PairKey::new(*number, other))
            {
                let all = if is_inside { &mut seen.pairs } else { &mut *outside };
                all.push(pair.clone());
            }
        }
    }
    seen.pairs.sort_unstable_by_key(Pair::key);
    Ok(())
}
