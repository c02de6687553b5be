//! Rust source as the checks see it: words and punctuation, without comments and the insides of literals.
//!
//! # Not here
//!   a parser: paths, functions and test modules are found by counting brackets, which the checks of this file
//!   hold against small inputs.

use std::ops::RangeInclusive;

/// A word, `::`, or one character of punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) line: usize,
    pub(super) text: String,
}

/// A path: the line it stands on and its segments.
pub(super) type Path = (usize, Vec<String>);

/// A function: its name and lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) lines: RangeInclusive<usize>,
}

/// Something that only tests see.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TestOnly {
    /// Lines of this file.
    Lines(RangeInclusive<usize>),
    /// A module with a file of its own.
    Module(String),
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The tokens of a source; a literal is its quotes only.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    Lexer { chars: source.chars().collect(), at: 0, line: 1, tokens: Vec::new() }.run()
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn step(&mut self, count: usize) {
        for _ in 0..count {
            self.line += usize::from(self.peek(0) == '\n');
            self.at += 1;
        }
    }

    fn push(&mut self, text: &str) {
        self.tokens.push(Token { line: self.line, text: text.to_owned() });
    }

    fn run(mut self) -> Vec<Token> {
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '/') => {
                    while self.at < self.chars.len() && self.peek(0) != '\n' {
                        self.step(1);
                    }
                }
                ('/', '*') => self.block_comment(),
                ('"', _) => self.quoted('"'),
                ('\'', next) => {
                    // A lifetime has no closing quote behind its first character.
                    if next == '\\' || self.peek(2) == '\'' {
                        self.quoted('\'');
                    } else {
                        self.step(1);
                    }
                }
                (':', ':') => {
                    self.push("::");
                    self.step(2);
                }
                (c, _) if is_word(c) => self.word(),
                (c, _) => {
                    if !c.is_whitespace() {
                        self.push(&c.to_string());
                    }
                    self.step(1);
                }
            }
        }
        self.tokens
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ if self.at >= self.chars.len() => return,
                _ => {
                    self.step(1);
                    continue;
                }
            }
            self.step(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn quoted(&mut self, quote: char) {
        self.push(&quote.to_string());
        self.step(1);
        while self.at < self.chars.len() && self.peek(0) != quote {
            self.step(if self.peek(0) == '\\' { 2 } else { 1 });
        }
        self.step(1);
    }

    /// A word, which may turn out to be the prefix of a literal.
    fn word(&mut self) {
        let len = self.chars[self.at..].iter().take_while(|c| is_word(**c)).count();
        let word: String = self.chars[self.at..self.at + len].iter().collect();
        let hashes = self.chars[self.at + len..].iter().take_while(|c| **c == '#').count();
        let opens = self.peek(len + hashes) == '"';
        match word.as_str() {
            "r" | "br" | "cr" if opens => {
                self.step(len + hashes + 1);
                self.push("\"");
                let closing: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                let closing: Vec<char> = closing.chars().collect();
                while self.at < self.chars.len() && !self.chars[self.at..].starts_with(&closing) {
                    self.step(1);
                }
                self.step(closing.len());
            }
            "b" | "c" if self.peek(len) == '"' => {
                self.step(len);
                self.quoted('"');
            }
            "b" if self.peek(len) == '\'' => {
                self.step(len);
                self.quoted('\'');
            }
            _ => {
                self.push(&word);
                self.step(len);
            }
        }
    }
}

/// Every path that begins with `head`, those within the braces of a `use` written out.
pub(super) fn paths(tokens: &[Token], head: &str) -> Vec<Path> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let inner = at.checked_sub(1).is_some_and(|before| tokens[before].text == "::");
        if token.text == head && !inner && text(tokens, at + 1) == "::" {
            tree(tokens, at + 2, &[head.to_owned()], &mut found);
        }
    }
    found
}

fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| &token.text)
}

/// Reads what follows `prefix::`, and returns where it ends.
fn tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<Path>) -> usize {
    let Some(first) = tokens.get(at) else { return at };
    if first.text == "{" {
        at += 1;
        while at < tokens.len() && text(tokens, at) != "}" {
            if text(tokens, at) == "," {
                at += 1;
            } else {
                at = tree(tokens, at, prefix, found);
            }
        }
        return at + 1;
    }
    let mut path = prefix.to_vec();
    path.push(first.text.clone());
    at += 1;
    if text(tokens, at) == "::" {
        return tree(tokens, at + 1, &path, found);
    }
    found.push((first.line, path));
    if text(tokens, at) == "as" { at + 2 } else { at }
}

/// Where the bracket that opens at `open` closes.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len().saturating_sub(1)
}

/// Where an item ends that begins at `at`: at its `;`, or where its braces close.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    while at < tokens.len() {
        match text(tokens, at) {
            ";" => return at,
            "{" => return closing(tokens, at),
            "(" | "[" => at = closing(tokens, at),
            _ => {}
        }
        at += 1;
    }
    tokens.len().saturating_sub(1)
}

/// The functions that have a body.
pub(super) fn functions(tokens: &[Token]) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.text == "fn") {
        let name = text(tokens, at + 1);
        if !name.starts_with(is_word) {
            continue; // A pointer type.
        }
        let end = item_end(tokens, at);
        if text(tokens, end) == "}" {
            found.push(Function { name: name.to_owned(), lines: token.line..=tokens[end].line });
        }
    }
    found
}

/// Skips attributes and visibility.
fn skip_attributes(tokens: &[Token], mut at: usize) -> usize {
    loop {
        match (text(tokens, at), text(tokens, at + 1)) {
            ("#", "[") => at = closing(tokens, at + 1) + 1,
            ("#", "!") => at = closing(tokens, at + 2) + 1,
            ("pub", "(") => at = closing(tokens, at + 1) + 1,
            ("pub", _) => at += 1,
            _ => return at,
        }
    }
}

/// What stands under `#[cfg(test)]`.
pub(super) fn test_only(tokens: &[Token]) -> Vec<TestOnly> {
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let attribute = (0..7).map(|ahead| text(tokens, at + ahead)).collect::<String>();
        if attribute != "#[cfg(test)]" {
            continue;
        }
        let item = skip_attributes(tokens, at);
        let end = item_end(tokens, item);
        if text(tokens, item) == "mod" && text(tokens, end) == ";" {
            found.push(TestOnly::Module(text(tokens, item + 1).to_owned()));
        }
        found.push(TestOnly::Lines(tokens[at].line..=tokens[end].line));
    }
    found
}

/// The first token of each item that is neither a module, nor an import, nor a re-export.
pub(super) fn beyond_a_map(tokens: &[Token]) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = skip_attributes(tokens, 0);
    while at < tokens.len() {
        let end = item_end(tokens, at);
        match text(tokens, at) {
            // The braces of a `use` close before its semicolon.
            "use" => at = end + usize::from(text(tokens, end) == "}"),
            "mod" if text(tokens, end) == "}" => {
                found.extend(beyond_a_map(&tokens[at + 3..end]));
                at = end;
            }
            "mod" => at = end,
            _ => {
                found.push(tokens[at].clone());
                at = end;
            }
        }
        at = skip_attributes(tokens, at + 1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Function, TestOnly, beyond_a_map, functions, paths, test_only, tokens};

    fn words(source: &str) -> Vec<String> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    fn joined(source: &str, head: &str) -> Vec<String> {
        paths(&tokens(source), head)
            .into_iter()
            .map(|(line, path)| format!("{line} {}", path.join("::")))
            .collect()
    }

    #[test]
    fn comments_and_literals_hide_what_they_say() {
        let source = "a // unsafe\n/* fn /* nested */ { */ b \"} \\\" unsafe\" c 'x' d '\\'' e 'life f";
        assert_eq!(words(source), ["a", "b", "\"", "c", "'", "d", "'", "e", "life", "f"]);
        let source = "r#\"raw \" { \"# a br\"b\\\" c b\"\\\"{\" d b'{' e r#type f \"\\\\\" g";
        assert_eq!(
            words(source),
            ["\"", "a", "\"", "c", "\"", "d", "'", "e", "r", "#", "type", "f", "\"", "g"]
        );
        let lines: Vec<usize> = tokens("\"two\nlines\" a\n/* 1\n2 */ b").iter().map(|t| t.line).collect();
        assert_eq!(lines, [1, 2, 4]);
    }

    #[test]
    fn every_path_is_found_in_imports_and_in_line() {
        let source = "use crate::{a::b, c::{d as e, f::*},\n g};\npub use crate::h;\nlet x = crate::i::J::<u8>::new();";
        let found = joined(source, "crate");
        let expected = [
            "1 crate::a::b",
            "1 crate::c::d",
            "1 crate::c::f::*",
            "2 crate::g",
            "3 crate::h",
            "4 crate::i::J::<",
        ];
        assert_eq!(found, expected);
        assert_eq!(joined("a::std::fs // std::fs\n\"std::fs\" std::io::Error", "std"), ["2 std::io::Error"]);
    }

    #[test]
    fn functions_end_where_their_braces_close() {
        let source = "fn a(x: [u8; 2]) {\n  let s = \"}\";\n  fn b() {}\n}\nfn c();\ntype T = fn(u8);\nfn d() -> '{' {\n}";
        let found = functions(&tokens(&source.replace("'{'", "u8")));
        let function = |name: &str, lines| Function { name: name.to_owned(), lines };
        assert_eq!(found, [function("a", 1..=4), function("b", 3..=3), function("d", 7..=8)]);
    }

    #[test]
    fn what_only_tests_see_is_known() {
        let source = "fn a() {}\n#[cfg(test)]\n#[path = \"x\"]\nmod far;\n#[cfg(test)]\nmod near {\n fn b() {}\n}\nfn c() {}";
        let found = test_only(&tokens(source));
        assert_eq!(
            found,
            [TestOnly::Module("far".to_owned()), TestOnly::Lines(2..=4), TestOnly::Lines(5..=8)]
        );
    }

    #[test]
    fn a_map_holds_modules_and_re_exports_only() {
        let map = "//! Docs.\n#![expect(x)]\npub mod a;\n#[cfg(test)]\nmod t;\npub(crate) use a::{B, c::D};\n\
                   pub use a::E;\npub(crate) mod verbs {\n pub use crate::a::f;\n}\n";
        assert_eq!(beyond_a_map(&tokens(map)), []);
        let more =
            format!("{map}pub struct S;\npub(crate) mod m {{ fn f() {{}} }}\nconst X: [u8; 2] = [1, 2];");
        let found: Vec<String> = beyond_a_map(&tokens(&more)).into_iter().map(|t| t.text).collect();
        assert_eq!(found, ["struct", "fn", "const"]);
    }
}
