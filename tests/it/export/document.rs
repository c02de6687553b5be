//! `docs/EXPORT.md` tells the tables as they are written.

use idweave::export::Table;

#[test]
fn the_document_tells_every_column_as_it_is_written() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/EXPORT.md")).unwrap();
    for table in Table::ALL {
        let heading = format!("### `{}`", table.name());
        let section = text.split_once(&heading).unwrap_or_else(|| panic!("no section {heading}")).1;
        let section = section.split("\n### ").next().unwrap().split("\n## ").next().unwrap();
        let lines = section.lines().filter(|line| line.starts_with("| `"));
        let told: Vec<[&str; 3]> = lines
            .map(|line| {
                let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
                assert!(cells.len() == 4 && !cells[3].is_empty(), "name, type, null, meaning: {line}");
                [cells[0].trim_matches('`'), cells[1], cells[2]]
            })
            .collect();
        let written: Vec<[&str; 3]> = table
            .columns()
            .iter()
            .map(|column| [column.name, column.kind.name(), if column.nullable { "yes" } else { "no" }])
            .collect();
        assert_eq!(told, written, "{}", table.name());
    }
}
