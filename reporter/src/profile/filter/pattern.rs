//! Texts to compare with.

/// What a text is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// The whole text.
    Whole(String),
    /// Part of the text: `*` stands for anything, `^` at the front for the beginning and `$` at
    /// the back for the end.
    Part {
        /// What follows one another.
        pieces: Vec<String>,
        /// The first piece is at the beginning.
        from_start: bool,
        /// The last piece is at the end.
        to_end: bool,
    },
}

impl Pattern {
    /// As it is written behind `~`.
    pub fn part(text: &str) -> Self {
        let from_start = text.starts_with('^');
        let text = text.strip_prefix('^').unwrap_or(text);
        let to_end = text.ends_with('$');
        let text = text.strip_suffix('$').unwrap_or(text);
        Self::Part {
            pieces: text.split('*').map(str::to_owned).collect(),
            from_start,
            to_end,
        }
    }

    /// Whether a text is what was meant.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Whole(whole) => text == whole,
            Self::Part {
                pieces,
                from_start,
                to_end,
            } => {
                let mut rest = text;
                for (place, piece) in pieces.iter().enumerate() {
                    let first = place == 0 && *from_start;
                    let last = place + 1 == pieces.len() && *to_end;
                    let after = match (first, last) {
                        (true, true) => (rest == piece).then_some(""),
                        (true, false) => rest.strip_prefix(piece.as_str()),
                        (false, true) => rest.ends_with(piece.as_str()).then_some(""),
                        (false, false) => rest
                            .find(piece.as_str())
                            .map(|found| &rest[found + piece.len()..]),
                    };
                    match after {
                        Some(after) => rest = after,
                        None => return false,
                    }
                }
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn parts_of_texts() {
        for (pattern, text, matches) in [
            ("models/", "/app/models/user.py", true),
            ("^models/", "/app/models/user.py", false),
            ("^/app/*.py$", "/app/models/user.py", true),
            ("^/app/*.p$", "/app/models/user.py", false),
            ("^dict$", "dict", true),
            ("^dict$", "dict of module", false),
            ("a*b*c", "xaxcxbxc", true),
            ("a*b*c", "xaxcxb", false),
            ("", "anything", true),
        ] {
            assert_eq!(
                Pattern::part(pattern).matches(text),
                matches,
                "{pattern} {text}"
            );
        }
    }
}
