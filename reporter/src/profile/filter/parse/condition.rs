//! One condition of a filter: a property, a relation and a value.

use super::super::{Expression, Pattern, Text};
use super::words::{Word, WordKind};
use super::{NoFilter, Parser};
use crate::profile::moment::parse_time;
use crate::profile::nearest::suggestion;
use crate::replay::{ATOMS, Atom};
use crate::report::measure::parse_bytes;
use memprof_wire::allocator::{Allocator, Domain};
use memprof_wire::units::Microseconds;

/// What is compared as a number, and the mark.
pub(super) const NUMBERS: [&str; 7] = [
    "size",
    "lifetime",
    "age",
    "allocated",
    "freed",
    "depth",
    "mark",
];

/// All properties, for a message.
pub(super) fn properties() -> String {
    let texts = TEXTS.iter().map(|(name, _)| *name);
    let all: Vec<&str> = NUMBERS.into_iter().chain(texts).collect();
    all.join(", ")
}

pub(super) const TEXTS: [(&str, Text); 11] = [
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

impl Parser<'_> {
    /// A property, a relation and a value.
    pub(super) fn condition(&mut self, property: &Word) -> Result<Expression, NoFilter> {
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
        match text {
            Some((_, text)) => self.text(name, text, &relation, &value),
            None => self.number_or_mark(name, &relation, &value),
        }
    }

    fn text(
        &self,
        name: &str,
        text: Text,
        relation: &Word,
        value: &Word,
    ) -> Result<Expression, NoFilter> {
        let sign = relation.text.as_str();
        let pattern = match sign {
            "==" | "!=" => {
                self.check_name(text, value)?;
                Pattern::Whole(value.text.clone())
            }
            "~" | "!~" => Pattern::part(&value.text),
            _ => {
                let reason = format!("{name} is a text: compare it by ==, !=, ~ or !~");
                return Err(self.wrong(relation, &reason));
            }
        };
        let test = Expression::Text(text, pattern);
        Ok(match sign {
            "!=" | "!~" => not(test),
            _ => test,
        })
    }

    fn number_or_mark(
        &mut self,
        name: &str,
        relation: &Word,
        value: &Word,
    ) -> Result<Expression, NoFilter> {
        match name {
            "mark" => {
                let test = self.atom(value, Atom::After(value.text.clone()))?;
                self.is_or_not(relation, test, "a mark")
            }
            "size" => {
                let bytes = parse_bytes(&value.text)
                    .map_err(|error| self.wrong(value, &error.to_string()))?;
                self.number(relation, bytes, |it, bytes| {
                    it.atom(value, Atom::Larger(bytes))
                })
            }
            "depth" => {
                let frames = value.text.parse().map_err(|_| {
                    let reason = format!("{:?} is no number of frames", value.text);
                    self.wrong(value, &reason)
                })?;
                self.number(relation, frames, |_, frames| Ok(Expression::Deeper(frames)))
            }
            "freed" if value.text == "never" => {
                let test = self.atom(value, Atom::NeverDied)?;
                self.is_or_not(relation, test, "never")
            }
            _ => {
                let Some(time) = parse_time(&value.text) else {
                    let reason = format!("{:?} is no time: write 1.5s, 20ms, 2min", value.text);
                    return Err(self.wrong(value, &reason));
                };
                let question = |time| match name {
                    "age" => Atom::Older(time),
                    "allocated" => Atom::BornAfter(time),
                    "freed" => Atom::DiedAfter(time),
                    _ => Atom::Outlived(time),
                };
                self.number(relation, time.0, |it, time| {
                    it.atom(value, question(Microseconds(time)))
                })
            }
        }
    }

    /// Something that is so or is not.
    fn is_or_not(
        &self,
        relation: &Word,
        test: Expression,
        what: &str,
    ) -> Result<Expression, NoFilter> {
        match relation.text.as_str() {
            "==" => Ok(test),
            "!=" => Ok(not(test)),
            _ => Err(self.wrong(relation, &format!("{what} is compared by == or !="))),
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
