//! The spaces that ids are counted by, numbered from 0 in order of their text.

use crate::model::{Class, Kind, KindScope, split_scope};
use crate::records::Sym;
use crate::segment::Spaces;
use crate::store::State;

/// What stands for the chat in the scope of group openids that are counted by app.
const ANY_GROUP: &str = "-";

/// A column for each space, and one for all chats of an app.
pub(crate) struct Columns {
    /// By interned text; `NONE` where that is no space.
    of_texts: Vec<u32>,
    spaces: Vec<KindScope>,
}

const NONE: u32 = u32::MAX;

impl Columns {
    /// The columns of a state's ids.
    pub(crate) fn of(state: &State) -> Columns {
        let known = |(sym, _): (Sym, &str)| Some((sym, counted_space(state.space(sym)?)));
        let of_spaces: Vec<(Sym, KindScope)> = state.spaces().filter_map(known).collect();
        let mut spaces: Vec<KindScope> = of_spaces.iter().map(|(_, space)| space.clone()).collect();
        spaces.sort_unstable();
        spaces.dedup();
        let mut of_texts = vec![NONE; state.text_count() as usize];
        for (sym, space) in &of_spaces {
            if let (Some(column), Ok(place)) = (of_texts.get_mut(*sym as usize), spaces.binary_search(space))
            {
                *column = place as u32;
            }
        }
        Columns { of_texts, spaces }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.spaces.len()
    }

    /// The column of an interned space.
    pub(crate) fn of_text(&self, sym: Sym) -> u32 {
        self.of_texts.get(sym as usize).copied().unwrap_or(NONE)
    }

    /// The space of a column.
    pub(crate) fn space(&self, column: usize) -> Option<&KindScope> {
        self.spaces.get(column)
    }

    /// The kind of a column.
    pub(crate) fn kind(&self, column: u32) -> Option<&Kind> {
        self.space(column as usize).map(KindScope::kind)
    }

    /// The class of a column.
    pub(crate) fn class(&self, column: u32) -> Option<Class> {
        self.kind(column).map(Kind::class)
    }
}

/// The space an id is counted by: its own, but of group openids that of their app.
pub(crate) fn counted_space(space: &KindScope) -> KindScope {
    if *space.kind() != Kind::GroupOpenid {
        return space.clone();
    }
    let (app, _) = split_scope(space.scope());
    KindScope::new(Kind::GroupOpenid, &format!("{app}@{ANY_GROUP}")).unwrap_or_else(|_| space.clone())
}
