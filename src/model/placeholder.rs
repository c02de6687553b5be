//! Values that stand for "no id" and are refused for account and chat kinds.

/// Which values are placeholders. The default is the list of design section 1; an application that really
/// uses one of them as an id can say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholders {
    words: Vec<String>,
    repeated_min: usize,
}

impl Placeholders {
    /// A list of one's own: `words` in any case, and one character repeated `repeated_min` times or more
    /// (0 switches that off).
    pub fn new(words: impl IntoIterator<Item = String>, repeated_min: usize) -> Placeholders {
        Placeholders { words: words.into_iter().map(|w| w.to_lowercase()).collect(), repeated_min }
    }

    /// No value is a placeholder.
    pub fn none() -> Placeholders {
        Placeholders { words: Vec::new(), repeated_min: 0 }
    }

    /// Whether `value` is a placeholder.
    pub fn holds(&self, value: &str) -> bool {
        if self.words.iter().any(|word| word.eq_ignore_ascii_case(value)) {
            return true;
        }
        let mut characters = value.chars();
        let Some(first) = characters.next() else { return false };
        let mut count = 1;
        for character in characters {
            if character != first {
                return false;
            }
            count += 1;
        }
        self.repeated_min > 0 && count >= self.repeated_min
    }
}

impl Default for Placeholders {
    fn default() -> Placeholders {
        let words = ["null", "none", "nil", "undefined", "unknown", "anonymous", "n/a", "0", "-1"];
        Placeholders { words: words.map(str::to_owned).to_vec(), repeated_min: 4 }
    }
}
