//! Ids short enough for a table: issuers by their names, the middle of long values left out.

use std::collections::BTreeMap;

use idweave::Id;

/// Characters of a value that are kept at either end.
const KEPT: usize = 4;

/// Names of issuers.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: BTreeMap<String, String>,
}

impl Names {
    pub(crate) fn new(names: BTreeMap<String, String>) -> Names {
        Names { names }
    }

    /// The names and what they stand for, by name.
    pub(crate) fn list(&self) -> Vec<String> {
        let mut list: Vec<String> =
            self.names.iter().map(|(issuer, name)| format!("{name} = {issuer}")).collect();
        list.sort();
        list
    }

    /// `kind:NAME:abcd..wxyz`.
    pub(crate) fn short(&self, id: &Id) -> String {
        let part = |part: &str| self.names.get(part).cloned().unwrap_or_else(|| part.to_owned());
        let scope: Vec<String> = id.scope().split('@').map(part).collect();
        let value: Vec<char> = part(id.spelling()).chars().collect();
        let value = if value.len() <= 3 * KEPT {
            value.into_iter().collect::<String>()
        } else {
            let (head, tail) = (value.iter().take(KEPT), value.iter().skip(value.len() - KEPT));
            format!("{}..{}", head.collect::<String>(), tail.collect::<String>())
        };
        format!("{}:{}:{value}", id.kind(), scope.join("@"))
    }
}
