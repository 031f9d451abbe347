//! From the words of a filter to its expression, with the column of what cannot be understood.

mod condition;
mod words;

use super::Expression;
use crate::replay::Atom;
use condition::properties;
use words::{Word, WordKind, split};

/// A filter that was written in no known way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "column {column} of the filter: {reason}\n  {text}\n  {:>column$}",
    '^'
)]
pub struct NoFilter {
    /// Where, in letters from 1.
    pub column: usize,
    /// What is wrong, and what could stand there.
    pub reason: String,
    /// The filter.
    pub text: String,
}

pub(super) fn parse(text: &str) -> Result<(Expression, Vec<Atom>), NoFilter> {
    let words = split(text)?;
    let mut parser = Parser {
        text,
        words,
        next: 0,
        atoms: Vec::new(),
    };
    let expression = parser.any()?;
    let rest = parser.take();
    if rest.kind != WordKind::End {
        return Err(parser.wrong(
            &rest,
            &format!(
                "{:?} does not belong here: expected and, or, or the end",
                rest.text
            ),
        ));
    }
    Ok((expression, parser.atoms))
}

struct Parser<'a> {
    text: &'a str,
    words: Vec<Word>,
    next: usize,
    atoms: Vec<Atom>,
}

impl Parser<'_> {
    fn take(&mut self) -> Word {
        let word = self.words[self.next].clone();
        // the last word, the end, is taken again and again
        self.next = (self.next + 1).min(self.words.len() - 1);
        word
    }

    fn take_if(&mut self, text: &str) -> bool {
        let word = &self.words[self.next];
        let found = word.kind == WordKind::Bare && word.text == text;
        if found {
            self.next += 1;
        }
        found
    }

    fn wrong(&self, word: &Word, reason: &str) -> NoFilter {
        NoFilter {
            column: word.column,
            reason: reason.to_owned(),
            text: self.text.to_owned(),
        }
    }

    fn any(&mut self) -> Result<Expression, NoFilter> {
        let mut expression = self.all()?;
        while self.take_if("or") {
            expression = Expression::Or(Box::new(expression), Box::new(self.all()?));
        }
        Ok(expression)
    }

    fn all(&mut self) -> Result<Expression, NoFilter> {
        let mut expression = self.one()?;
        while self.take_if("and") {
            expression = Expression::And(Box::new(expression), Box::new(self.one()?));
        }
        Ok(expression)
    }

    fn one(&mut self) -> Result<Expression, NoFilter> {
        if self.take_if("not") {
            return Ok(Expression::Not(Box::new(self.one()?)));
        }
        let word = self.take();
        match word.kind {
            WordKind::Open => {
                let expression = self.any()?;
                let close = self.take();
                if close.kind == WordKind::Close {
                    Ok(expression)
                } else {
                    Err(self.wrong(&close, "expected a closing )"))
                }
            }
            WordKind::Bare => self.condition(&word),
            WordKind::End => Err(self.wrong(
                &word,
                &format!(
                    "the filter ends where a property is expected: one of {}",
                    properties()
                ),
            )),
            _ => Err(self.wrong(
                &word,
                &format!("expected a property: one of {}", properties()),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::condition::{NUMBERS, TEXTS};
    use crate::profile::Filter;
    use crate::replay::Atom;
    use memprof_wire::units::Microseconds;

    #[test]
    fn what_cannot_be_understood_is_pointed_at() {
        for (text, column, reason) in [
            ("", 1, "the filter ends where a property is expected"),
            ("colour==red", 1, "\"colour\" is no property: choose"),
            (
                "size>1 and tpye==dict",
                12,
                "\"tpye\" is no property (did you mean type?)",
            ),
            ("domain==object", 9, "\"object\" is no domain"),
            (
                "allocator==maloc",
                12,
                "\"maloc\" is no allocator (did you mean malloc?)",
            ),
            ("freed>never", 6, "never is compared by"),
            ("depth>deep", 7, "\"deep\" is no number of frames"),
            ("size>1KiB and", 14, "the filter ends"),
            ("size>lots", 6, "\"lots\" is no size"),
            ("size~3", 5, "numbers are compared by"),
            ("type<3", 5, "type is a text"),
            ("lifetime>soon", 10, "\"soon\" is no time"),
            ("(type==dict", 12, "expected a closing )"),
            ("type==dict file~x", 12, "\"file\" does not belong here"),
            ("type==\"dict", 7, "there is no closing \""),
            ("type dict", 6, "expected one of =="),
            ("type==", 7, "expected a value"),
            ("type==é or =", 12, "\"=\" is no property"),
        ] {
            let error = text.parse::<Filter>().expect_err(text);
            assert_eq!(error.column, column, "{text}: {error}");
            assert!(error.reason.starts_with(reason), "{text}: {error}");
            let marker = error.to_string();
            let marker = marker.lines().last().expect("three lines");
            assert_eq!(marker.chars().count(), column + 2, "{text}");
        }
    }

    #[test]
    fn every_example_of_the_guide_is_a_filter() {
        let guide = include_str!("../../../../docs/guide/filters.md");
        let is_row = |line: &&str| line.starts_with("| `");
        // the first table
        let rows = guide.lines().skip_while(|line| !is_row(line));
        let rows = rows.take_while(is_row);
        let examples: Vec<(&str, &str)> = rows
            .filter_map(|row| {
                let mut cells = row.split('`').skip(1).step_by(2);
                Some((cells.next()?, cells.last()?))
            })
            .collect();
        let known = NUMBERS.into_iter();
        let known = known.chain(TEXTS.iter().map(|(name, _)| *name));
        for property in known {
            let example = examples.iter().find(|(name, _)| *name == property);
            let (_, example) = example.unwrap_or_else(|| panic!("{property} is not in the guide"));
            assert!(example.starts_with(property), "{property}: {example}");
            let filter = example.parse::<Filter>();
            assert!(filter.is_ok(), "{example}: {filter:?}");
        }
        assert_eq!(examples.len(), NUMBERS.len() + TEXTS.len());
    }

    #[test]
    fn questions_about_blocks_are_collected_once_each() {
        let filter: Filter = "size>=1KiB and (age>2s or not size<1KiB) and mark!=load"
            .parse()
            .expect("right");
        assert_eq!(
            filter.atoms(),
            [
                Atom::Larger(1023),
                Atom::Older(Microseconds(2_000_000)),
                Atom::After("load".into())
            ]
        );
    }
}
