//! The looks of series: a cause, or an end, has the same look in every figure and page.

use tor_stream_event::StreamClosureReason as Reason;

use super::chart::Look;
use super::data::StreamEnd;
use crate::command::life::Cause;

// Numbers of the colours in the style sheet `picture.css`, which are those of Okabe and Ito: distinct for eyes that tell few
// colours apart.
/// Orange.
const ORANGE: usize = 0;
/// Sky blue.
const SKY_BLUE: usize = 1;
/// Green.
const GREEN: usize = 2;
/// Yellow.
const YELLOW: usize = 3;
/// Blue.
const BLUE: usize = 4;
/// Vermilion.
const VERMILION: usize = 5;
/// Purple.
const PURPLE: usize = 6;

/// Returns the look of a cause. A reason that the other end of the circuit gave has another pattern than the same
/// reason of this end.
pub(super) fn cause_look(cause: &Cause) -> Look {
    // The most frequent reasons come first: the first seven have plain colours if this end gave them.
    const ORDER: [Reason; 20] = [
        Reason::Timeout,
        Reason::ResolveFailed,
        Reason::ConnectRefused,
        Reason::Misc,
        Reason::Destroy,
        Reason::ExitPolicy,
        Reason::NoRoute,
        Reason::CantAttach,
        Reason::Internal,
        Reason::TorProtocol,
        Reason::ResourceLimit,
        Reason::Hibernating,
        Reason::ConnReset,
        Reason::NotDirectory,
        Reason::Done,
        Reason::End,
        Reason::PrivateAddr,
        Reason::NetUnreachable,
        Reason::SocksProtocol,
        Reason::HttpProtocol,
    ];
    // Colours of neighbours in this order differ much.
    const COLOURS: [usize; 7] = [VERMILION, BLUE, ORANGE, PURPLE, GREEN, SKY_BLUE, YELLOW];
    let is_remote = cause.remote_reason.is_some();
    let word = cause.remote_reason.as_deref().or(cause.reason.as_deref());
    let Some(number) = ORDER.iter().position(|reason| Some(reason.as_str()) == word) else { return Look::OTHERS };
    let colour = COLOURS.get(number % COLOURS.len()).copied().unwrap_or_default();
    // Each seven reasons take two patterns: the first one for this end, the second one for the other.
    Look { colour, pattern: number / COLOURS.len() * 2 + usize::from(is_remote) }
}

/// Returns the look of an end. Bars of two ends that touch differ in pattern as well.
pub(super) const fn end_look(end: StreamEnd) -> Look {
    match end {
        StreamEnd::Answered => Look { colour: GREEN, pattern: Look::PLAIN },
        StreamEnd::Failed => Look { colour: VERMILION, pattern: Look::RISING },
        StreamEnd::Unanswered => Look { colour: SKY_BLUE, pattern: Look::DOTS },
        StreamEnd::NoEnd => Look { colour: PURPLE, pattern: Look::HORIZONTAL },
    }
}

/// Returns the look of a numbered curve. Neighbours differ in colour and in the dashes that stand for the pattern.
pub(super) fn curve_look(number: usize) -> Look {
    const COLOURS: [usize; 7] = [BLUE, ORANGE, PURPLE, GREEN, VERMILION, SKY_BLUE, YELLOW];
    let colour = COLOURS.get(number % COLOURS.len()).copied().unwrap_or_default();
    Look { colour, pattern: number % Look::PATTERNS }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn causes_look_different() {
        let word = |reason: &Reason| Some(reason.as_str().to_owned());
        let local = Reason::ALL.iter().map(|reason| Cause { reason: word(reason), remote_reason: None });
        let remote = Reason::ALL.iter().map(|reason| Cause { reason: word(&Reason::End), remote_reason: word(reason) });
        let causes: Vec<_> = local.chain(remote).collect();
        let looks: BTreeSet<_> = causes.iter().map(cause_look).collect();
        assert_eq!((looks.len(), looks.contains(&Look::OTHERS)), (2 * Reason::ALL.len(), false));
        assert!(looks.iter().all(|look| look.pattern < Look::PATTERNS));
    }

    #[test]
    fn ends_and_curves_look_different() {
        assert_eq!(StreamEnd::ALL.map(end_look).into_iter().collect::<BTreeSet<_>>().len(), 4);
        assert_eq!((0..7).map(curve_look).collect::<BTreeSet<_>>().len(), 7);
    }
}
