//! Unknown status words, which the parser refuses without `--lenient`, and which a newer tor may print in many events.

use tor_stream_event::Error;

/// Maximum number of words that are counted, more than the statuses of tor. Errors about further ones, which only a damaged log
/// has, are reported one by one.
const MAX_WORDS: usize = 16;

/// Unknown status words of a log: the first event with each is reported, the others are counted.
#[derive(Debug, Default)]
pub(crate) struct UnknownWords {
    /// Each word, with the number of events after the first one.
    words: Vec<(String, u64)>,
}

impl UnknownWords {
    /// Counts an event that could not be read. Returns `true` if its error has to be reported: it is the first one about its
    /// word, or not about a word.
    pub(crate) fn is_new(&mut self, error: &Error) -> bool {
        let Error::Protocol(error) = error else { return true };
        let Some(word) = error.word() else { return true };
        if let Some((_, count)) = self.words.iter_mut().find(|(known, _)| known == word) {
            *count += 1;
            return false;
        }
        if self.words.len() < MAX_WORDS {
            self.words.push((word.into(), 0));
        }
        true
    }

    /// Returns the messages about the events after the first ones, in the order of their words in the log.
    pub(crate) fn messages(&self, name: &str) -> Vec<String> {
        let repeated = self.words.iter().filter(|(_, count)| *count > 0);
        repeated.map(|(word, count)| format!("{name}: {count} more with the unknown word {word}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use tor_stream_event::StreamEventRef;

    use super::*;

    #[test]
    fn each_word_once() {
        let mut words = UnknownWords::default();
        let contents =
            ["9 PAUSED 0 a:1", "9 NEW 0", "9 PAUSED 0 b:1", "9 RESUMED 0 a:1", "9 PAUSED 0", "9 NEW 0", "9 x 0 a:1"];
        let is_new = contents.map(|content| words.is_new(&StreamEventRef::parse(content).expect_err("an error")));
        assert_eq!(is_new, [true, true, false, true, false, true, true]);
        assert_eq!(words.messages("LOG"), ["LOG: 2 more with the unknown word PAUSED"]);
    }

    #[test]
    fn bounded() {
        let mut words = UnknownWords::default();
        for _ in 0..2 {
            for length in 1..20 {
                let content = format!("9 {} 0 a:1", "X".repeat(length));
                words.is_new(&StreamEventRef::parse(&content).expect_err("an error"));
            }
        }
        assert_eq!(words.messages("").len(), MAX_WORDS);
    }
}
