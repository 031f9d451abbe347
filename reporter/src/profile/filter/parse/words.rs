//! The words of a filter.

use super::NoFilter;

/// Longest first, so that none is taken for the front of another one.
const RELATIONS: [&str; 8] = ["==", "!=", "<=", ">=", "!~", "<", ">", "~"];

/// A piece of a filter, and its column.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub kind: WordKind,
    pub text: String,
    pub column: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordKind {
    Bare,
    Quoted,
    Relation,
    Open,
    Close,
    End,
}

/// A filter's words, with an end behind them.
pub(super) fn split(text: &str) -> Result<Vec<Word>, NoFilter> {
    let mut words = Vec::new();
    let mut rest = text;
    let column = |rest: &str| text[..text.len() - rest.len()].chars().count() + 1;
    loop {
        rest = rest.trim_start();
        let column = column(rest);
        let Some(first) = rest.chars().next() else {
            let text = String::new();
            let kind = WordKind::End;
            words.push(Word { kind, text, column });
            return Ok(words);
        };
        let relation = RELATIONS.into_iter().find(|known| rest.starts_with(known));
        let (kind, text, length) = if let Some(relation) = relation {
            (WordKind::Relation, relation, relation.len())
        } else if first == '(' {
            (WordKind::Open, "(", 1)
        } else if first == ')' {
            (WordKind::Close, ")", 1)
        } else if first == '"' || first == '\'' {
            let Some(length) = rest[1..].find(first) else {
                return Err(NoFilter {
                    column,
                    reason: format!("there is no closing {first}"),
                    text: text.to_owned(),
                });
            };
            (WordKind::Quoted, &rest[1..=length], length + 2)
        } else {
            let end =
                rest.find(|letter: char| letter.is_whitespace() || "()=!<>~\"'".contains(letter));
            // a lone sign that begins no word
            let length = end.unwrap_or(rest.len()).max(first.len_utf8());
            (WordKind::Bare, &rest[..length], length)
        };
        let word = Word {
            kind,
            text: text.to_owned(),
            column,
        };
        words.push(word);
        rest = &rest[length..];
    }
}
