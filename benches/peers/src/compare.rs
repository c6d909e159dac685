//! Mistakes of other parsers. This crate's reading is the reference: tests compare it with events that tor was made to print.

use std::collections::BTreeMap;

use crate::fields::{self, FieldsOrError};

/// The mistakes of one parser, by cause, each with the shortest event of its kind.
#[derive(Debug, Default)]
pub struct Mistakes {
    /// Number of events with a mistake.
    pub events: usize,
    /// Causes, by their description.
    pub causes: BTreeMap<String, Cause>,
}

/// A kind of mistake.
#[derive(Debug, Default)]
pub struct Cause {
    /// Number of events with this mistake.
    pub events: usize,
    /// Content of the shortest of them.
    pub content: String,
    /// The value that was read, and the right one.
    pub example: String,
}

/// Compares the fields that a parser read from `contents` with those that this crate reads.
pub fn compare(contents: &[&str], readings: impl IntoIterator<Item = FieldsOrError>) -> Mistakes {
    let mut mistakes = Mistakes::default();
    for (content, theirs) in contents.iter().zip(readings) {
        let found = differences(&fields::ours(content), &theirs);
        mistakes.events += usize::from(!found.is_empty());
        for (name, example) in found {
            let cause = mistakes.causes.entry(name).or_default();
            cause.events += 1;
            if cause.content.is_empty() || content.len() < cause.content.len() {
                cause.content = (*content).into();
                cause.example = example;
            }
        }
    }
    mistakes
}

/// Returns a description of each difference, and an example.
fn differences(ours: &FieldsOrError, theirs: &FieldsOrError) -> Vec<(String, String)> {
    match (ours, theirs) {
        (Err(_), Err(_)) => Vec::new(),
        // This crate refuses an event of tor's only if tor cut the port off its target.
        (Err(ours), Ok(theirs)) => {
            let target = format!("{}:{}", theirs.target_host, theirs.target_port);
            vec![("accepts a target that lost its port".into(), format!("reads {} ({ours})", code(&target)))]
        }
        (Ok(ours), Err(theirs)) => {
            // The start of the message, which does not depend on the line. stem-rs has the same words before each.
            let reason = theirs.trim_start_matches("protocol error: ").split(':').next().unwrap_or_default();
            vec![(format!("refuses the event: {reason}"), format!("the status is {}", code(&ours.status)))]
        }
        (Ok(ours), Ok(theirs)) => ours
            .named()
            .into_iter()
            .zip(theirs.named())
            .filter(|(ours, theirs)| ours != theirs)
            .map(|((name, ours), (_, theirs))| {
                let kind = match (&ours, &theirs) {
                    (Some(_), None) => "loses",
                    (None, Some(_)) => "makes up",
                    _ => "misreads",
                };
                let shown = |value: Option<String>| value.map_or("none".into(), |value| code(&value));
                (format!("{kind} `{name}`"), format!("reads {}, is {}", shown(theirs), shown(ours)))
            })
            .collect(),
    }
}

/// Returns text as code in Markdown: control characters escaped, and cut after 100 characters.
pub fn code(text: &str) -> String {
    const MAX: usize = 100;
    let mut shown = String::new();
    for c in text.chars().take(MAX) {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if text.chars().nth(MAX).is_some() {
        shown.push('…');
    }
    if !shown.contains('`') {
        return format!("`{shown}`");
    }
    // Code with backticks is between longer rows of them, and spaces, which are not shown.
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let marks = "`".repeat(longest + 1);
    format!("{marks} {shown} {marks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code is the text as it is, but for control characters and text after 100 characters.
    #[test]
    fn codes() {
        let [whole, longer] = [100, 101].map(|len| "`".to_owned() + &"a".repeat(len - 1));
        for (text, expected) in [
            ("a b", "`a b`"),
            ("a|b\u{1b}", "`a|b\\u{1b}`"),
            ("a`b", "`` a`b ``"),
            ("``", "``` `` ```"),
            (&whole, &format!("`` {whole} ``")),
            (&longer, &format!("`` {whole}… ``")),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
    }
}
