//! From the words of a filter to its expression, with the column of what cannot be understood.

use super::{Expression, Pattern, Text};
use crate::profile::moment::parse_time;
use crate::profile::nearest::suggestion;
use crate::replay::{ATOMS, Atom};
use crate::report::measure::parse_bytes;
use memprof_wire::allocator::{Allocator, Domain};
use memprof_wire::units::Microseconds;

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

/// What is compared as a number, and the mark.
const NUMBERS: [&str; 7] = [
    "size",
    "lifetime",
    "age",
    "allocated",
    "freed",
    "depth",
    "mark",
];

/// All properties, for a message.
fn properties() -> String {
    let texts = TEXTS.iter().map(|(name, _)| *name);
    let all: Vec<&str> = NUMBERS.into_iter().chain(texts).collect();
    all.join(", ")
}

const TEXTS: [(&str, Text); 11] = [
    ("type", Text::Type),
    ("function", Text::Function),
    ("file", Text::File),
    ("line", Text::Line),
    ("module", Text::Module),
    ("site", Text::Site),
    ("stack", Text::Stack),
    ("thread", Text::Thread),
    ("process", Text::Process),
    ("domain", Text::Domain),
    ("allocator", Text::Allocator),
];

const DOMAINS: [Domain; 5] = [
    Domain::System,
    Domain::Raw,
    Domain::Mem,
    Domain::Obj,
    Domain::Mapping,
];

/// Longest first, so that none is taken for the front of another one.
const RELATIONS: [&str; 8] = ["==", "!=", "<=", ">=", "!~", "<", ">", "~"];

/// A piece of a filter, and its column.
#[derive(Clone, Debug)]
struct Word {
    kind: WordKind,
    text: String,
    column: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WordKind {
    Bare,
    Quoted,
    Relation,
    Open,
    Close,
    End,
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

fn split(text: &str) -> Result<Vec<Word>, NoFilter> {
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
            WordKind::Bare => self.test(&word),
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

    /// A property, a relation and a value.
    fn test(&mut self, property: &Word) -> Result<Expression, NoFilter> {
        let name = property.text.as_str();
        let text = TEXTS.into_iter().find(|(known, _)| *known == name);
        if text.is_none() && !NUMBERS.contains(&name) {
            let known = TEXTS.iter().map(|(name, _)| *name).chain(NUMBERS);
            let near = suggestion(name, known);
            let properties = properties();
            return Err(self.wrong(
                property,
                &format!("{name:?} is no property{near}: choose one of {properties}"),
            ));
        }
        let relation = self.take();
        if relation.kind != WordKind::Relation {
            return Err(self.wrong(&relation, "expected one of == != < <= > >= ~ !~"));
        }
        let value = self.take();
        if !matches!(value.kind, WordKind::Bare | WordKind::Quoted) {
            return Err(self.wrong(&value, "expected a value; put it in quotes if need be"));
        }
        let sign = relation.text.as_str();
        if let Some((_, text)) = text {
            let pattern = match sign {
                "==" | "!=" => {
                    self.check_name(text, &value)?;
                    Pattern::Whole(value.text.clone())
                }
                "~" | "!~" => Pattern::part(&value.text),
                _ => {
                    return Err(self.wrong(
                        &relation,
                        &format!("{name} is a text: compare it by ==, !=, ~ or !~"),
                    ));
                }
            };
            let test = Expression::Text(text, pattern);
            return Ok(if sign.starts_with('!') {
                not(test)
            } else {
                test
            });
        }
        match name {
            "mark" => {
                let test = self.atom(&value, Atom::After(value.text.clone()))?;
                match sign {
                    "==" => Ok(test),
                    "!=" => Ok(not(test)),
                    _ => Err(self.wrong(&relation, "a mark is compared by == or !=")),
                }
            }
            "size" => {
                let bytes = parse_bytes(&value.text)
                    .map_err(|error| self.wrong(&value, &error.to_string()))?;
                self.number(&relation, bytes, |it, bytes| {
                    it.atom(&value, Atom::Larger(bytes))
                })
            }
            "depth" => {
                let frames = value.text.parse().map_err(|_| {
                    let reason = format!("{:?} is no number of frames", value.text);
                    self.wrong(&value, &reason)
                })?;
                self.number(&relation, frames, |_, frames| {
                    Ok(Expression::Deeper(frames))
                })
            }
            "freed" if value.text == "never" => {
                let test = self.atom(&value, Atom::NeverDied)?;
                match sign {
                    "==" => Ok(test),
                    "!=" => Ok(not(test)),
                    _ => Err(self.wrong(&relation, "never is compared by == or !=")),
                }
            }
            _ => {
                let Some(time) = parse_time(&value.text) else {
                    let reason = format!("{:?} is no time: write 1.5s, 20ms, 2min", value.text);
                    return Err(self.wrong(&value, &reason));
                };
                let question = |time| match name {
                    "age" => Atom::Older(time),
                    "allocated" => Atom::BornAfter(time),
                    "freed" => Atom::DiedAfter(time),
                    _ => Atom::Outlived(time),
                };
                self.number(&relation, time.0, |it, time| {
                    it.atom(&value, question(Microseconds(time)))
                })
            }
        }
    }

    /// All relations of whole numbers, by the one question whether it is more.
    fn number(
        &mut self,
        relation: &Word,
        number: u64,
        question: impl Fn(&mut Self, u64) -> Result<Expression, NoFilter>,
    ) -> Result<Expression, NoFilter> {
        let mut more = |number: u64| question(self, number);
        // more than the number before is this number at least; of 0 everything is
        let at_least = number.checked_sub(1);
        let everything =
            |more: Expression| Expression::Or(Box::new(more.clone()), Box::new(not(more)));
        match relation.text.as_str() {
            ">" => more(number),
            "<=" => Ok(not(more(number)?)),
            ">=" => match at_least {
                Some(before) => more(before),
                None => Ok(everything(more(0)?)),
            },
            "<" => match at_least {
                Some(before) => Ok(not(more(before)?)),
                None => Ok(not(everything(more(0)?))),
            },
            sign @ ("==" | "!=") => {
                let not_more = not(more(number)?);
                let equal = match at_least {
                    Some(before) => Expression::And(Box::new(not_more), Box::new(more(before)?)),
                    None => not_more,
                };
                Ok(if sign == "==" { equal } else { not(equal) })
            }
            _ => Err(self.wrong(relation, "numbers are compared by == != < <= > >=")),
        }
    }

    /// Of some properties all values are known.
    fn check_name(&self, text: Text, value: &Word) -> Result<(), NoFilter> {
        let known: Vec<&str> = match text {
            Text::Domain => DOMAINS.map(Domain::name).to_vec(),
            Text::Allocator => Allocator::ALL.map(Allocator::name).to_vec(),
            _ => return Ok(()),
        };
        if known.contains(&value.text.as_str()) {
            return Ok(());
        }
        let what = match text {
            Text::Domain => "domain",
            _ => "allocator",
        };
        let (name, near) = (&value.text, suggestion(&value.text, known.iter().copied()));
        let known = known.join(", ");
        Err(self.wrong(value, &format!("{name:?} is no {what}{near}: {known}")))
    }

    fn atom(&mut self, value: &Word, atom: Atom) -> Result<Expression, NoFilter> {
        if let Some(place) = self.atoms.iter().position(|known| *known == atom) {
            return Ok(Expression::Atom(place));
        }
        if self.atoms.len() == ATOMS {
            return Err(self.wrong(
                value,
                &format!("too many conditions on sizes, times and marks: at most {ATOMS}"),
            ));
        }
        self.atoms.push(atom);
        Ok(Expression::Atom(self.atoms.len() - 1))
    }
}

fn not(expression: Expression) -> Expression {
    Expression::Not(Box::new(expression))
}

#[cfg(test)]
mod tests {
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
        let known = super::NUMBERS.into_iter();
        let known = known.chain(super::TEXTS.iter().map(|(name, _)| *name));
        for property in known {
            let example = examples.iter().find(|(name, _)| *name == property);
            let (_, example) = example.unwrap_or_else(|| panic!("{property} is not in the guide"));
            assert!(example.starts_with(property), "{property}: {example}");
            let filter = example.parse::<Filter>();
            assert!(filter.is_ok(), "{example}: {filter:?}");
        }
        assert_eq!(examples.len(), super::NUMBERS.len() + super::TEXTS.len());
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
