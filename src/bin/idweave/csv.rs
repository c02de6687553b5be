//! Two columns of a line of comma-separated values.

/// The two fields of a line; `None` if it has more or fewer, or a quote is amiss. A field with a comma or a quote stands
/// in quotes, a quote in it doubled. Nothing is trimmed.
pub(crate) fn two(line: &str) -> Option<(String, String)> {
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let (first, rest) = field(line)?;
    let (second, rest) = field(rest?)?;
    rest.is_none().then_some((first, second))
}

/// A field, and what follows the comma behind it.
fn field(text: &str) -> Option<(String, Option<&str>)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let (field, rest) = text.split_once(',').map_or((text, None), |(field, rest)| (field, Some(rest)));
        return (!field.contains('"')).then(|| (field.to_owned(), rest));
    };
    let mut field = String::new();
    loop {
        let (part, behind) = rest.split_once('"')?;
        field.push_str(part);
        match behind.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None if behind.is_empty() => return Some((field, None)),
            None => return behind.strip_prefix(',').map(|rest| (field, Some(rest))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::two;

    #[test]
    fn a_line_has_two_fields_quoted_or_not() {
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(two("a,b"), pair("a", "b"));
        assert_eq!(two("\u{feff}a,b"), pair("a", "b"));
        assert_eq!(two(r#""a,1","b""2""#), pair("a,1", "b\"2"));
        assert_eq!(two(" a,"), pair(" a", ""));
        for wrong in ["", "a", "a,b,c", r#""a"b,c"#, r#"a"b,c"#, r#""a,b"#, r#""a","b",""#] {
            assert_eq!(two(wrong), None, "{wrong}");
        }
    }
}
