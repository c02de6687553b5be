//! The tables of an export and their columns, version 1. `docs/EXPORT.md` tells the same to people, and a test compares
//! the two.

/// The version of the tables below; a column that is added, changed or dropped makes it greater.
pub const SCHEMA_VERSION: u32 = 1;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnType {
    /// A number of an id, an entity, a person, an edge or a commit: 64 bits, unsigned.
    Number,
    /// A count: 32 bits, unsigned.
    Count,
    /// True or false.
    Flag,
    /// A moment: milliseconds since 1970, in UTC.
    Moment,
    /// A text that is different in most rows.
    Text,
    /// A text of which there are few: dictionary-encoded where the format can.
    Name,
}

impl ColumnType {
    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "u64",
            Self::Count => "u32",
            Self::Flag => "bool",
            Self::Moment => "timestamp[ms, UTC]",
            Self::Text => "string",
            Self::Name => "string, dictionary",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnType,
    /// Whether there may be nothing in it.
    pub nullable: bool,
}

const fn column(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind, nullable: false }
}

const fn maybe(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind, nullable: true }
}

/// A table of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Table {
    /// Every id, in order of their entities, then of their numbers.
    Ids,
    /// Every entity, in order of their numbers.
    Entities,
    /// Every person, in order of their numbers.
    Persons,
    /// Every edge between two ids, in order of the ends' numbers.
    Edges,
    /// Every evidence of every edge, in order of the edges, then of observation.
    Evidence,
    /// Every interval of every relation, in order of where they begin.
    Relations,
    /// Which entity held each id, from which commit to which.
    History,
}

use ColumnType::{Count, Flag, Moment, Name, Number, Text};

const IDS: &[Column] = &[
    column("id", Number),
    column("kind", Name),
    column("scope", Name),
    column("value", Text),
    column("class", Name),
    column("entity", Number),
    column("person", Number),
    column("superseded", Flag),
    column("blocked", Flag),
    column("restricted", Flag),
    maybe("valid_to", Moment),
];

const ENTITIES: &[Column] = &[
    column("entity", Number),
    column("class", Name),
    column("person", Number),
    column("ids", Count),
    column("superseded_ids", Count),
    column("spaces", Count),
];

const PERSONS: &[Column] =
    &[column("person", Number), column("class", Name), column("entities", Count), column("ids", Count)];

const EDGES: &[Column] = &[
    column("edge", Number),
    column("a_id", Number),
    column("a_kind", Name),
    column("a_scope", Name),
    column("b_id", Number),
    column("b_kind", Name),
    column("b_scope", Name),
    column("kind", Name),
    column("status", Name),
    maybe("reason", Name),
    maybe("level", Name),
    maybe("strength", Name),
    column("standing", Count),
    column("evidence", Count),
    maybe("conflict_kind", Name),
    maybe("conflict_scope", Name),
];

const EVIDENCE: &[Column] = &[
    column("edge", Number),
    column("a_id", Number),
    column("b_id", Number),
    column("kind", Name),
    column("source", Name),
    column("strength", Name),
    column("observed_at", Moment),
    maybe("expires_at", Moment),
    maybe("batch", Name),
    maybe("event", Text),
    column("recorded_seq", Number),
    column("recorded_at", Moment),
    column("stands", Flag),
    column("undone", Flag),
];

const RELATIONS: &[Column] = &[
    column("kind", Name),
    column("from_id", Number),
    column("from_kind", Name),
    column("from_scope", Name),
    column("to_id", Number),
    column("to_kind", Name),
    column("to_scope", Name),
    column("since", Moment),
    maybe("until", Moment),
    maybe("add_way", Name),
    maybe("state", Text),
    maybe("attrs", Text),
];

const HISTORY: &[Column] = &[
    column("id", Number),
    column("kind", Name),
    column("scope", Name),
    column("entity", Number),
    column("from_seq", Number),
    column("from_at", Moment),
    maybe("until_seq", Number),
    maybe("until_at", Moment),
];

impl Table {
    /// Every table, in the order they are written.
    pub const ALL: [Table; 7] = [
        Table::Ids,
        Table::Entities,
        Table::Persons,
        Table::Edges,
        Table::Evidence,
        Table::Relations,
        Table::History,
    ];

    /// Its name, and that of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Table::Ids => "ids",
            Table::Entities => "entities",
            Table::Persons => "persons",
            Table::Edges => "edges",
            Table::Evidence => "evidence",
            Table::Relations => "relations",
            Table::History => "history",
        }
    }

    /// Its columns, in order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Table::Ids => IDS,
            Table::Entities => ENTITIES,
            Table::Persons => PERSONS,
            Table::Edges => EDGES,
            Table::Evidence => EVIDENCE,
            Table::Relations => RELATIONS,
            Table::History => HISTORY,
        }
    }
}
