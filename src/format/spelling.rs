//! Words recognized by their first 16 bytes.

/// Returns the first 16 bytes of `text`, the first one lowest, with `fill` for those after its end.
pub(crate) const fn first_bytes(text: &[u8], fill: u8) -> u128 {
    let mut bytes = u128::from_le_bytes([fill; 16]);
    let mut rest = text;
    let mut shift = 0;
    while shift < u128::BITS {
        let [byte, after @ ..] = rest else { break };
        bytes ^= ((*byte ^ fill) as u128) << shift;
        shift += 8;
        rest = after;
    }
    bytes
}

/// A word and its delimiter, 16 bytes at most, to compare with the start of a text.
pub(crate) struct Spelling {
    /// Word and delimiter, the first byte lowest, with zeros after them.
    bytes: u128,
    /// Mask of the bits of `bytes` in the word and its delimiter.
    mask: u128,
}

impl Spelling {
    /// Returns the spelling of a word with its delimiter, together 4 to 16 bytes.
    pub(crate) const fn new(word: &str) -> Self {
        Self { bytes: first_bytes(word.as_bytes(), 0), mask: u128::MAX >> (128 - 8 * word.len()) }
    }

    /// Returns the first four bytes.
    pub(crate) const fn start(&self) -> u32 {
        self.bytes as u32
    }

    /// Returns `true` if a text with these first 16 bytes begins with the word.
    #[cfg_attr(feature = "std", inline(always))]
    pub(crate) const fn begins(&self, text: u128) -> bool {
        (text ^ self.bytes) & self.mask == 0
    }
}

/// Finds the word, with its delimiter, that a text with these first 16 bytes begins with. The macro is the whole body of a
/// function, which returns the word's variant of `Self` and its length without the delimiter, or `None`.
///
/// A few branches on the first four bytes leave one to three words to compare. The processor predicts the branches, and so
/// the start of the next field before the word is loaded. For a length out of the table of a perfect hash it would have to wait:
/// a fifth more time for a modern line.
macro_rules! spelled {
    ($text:expr, $($variant:ident = $word:literal before $end:literal,)+) => {{
        /// The first four bytes of each word.
        #[allow(non_upper_case_globals, reason = "named after the variants")]
        mod start {
            $(
                #[doc = $word]
                pub(super) const $variant: u32 = $crate::format::spelling::Spelling::new(concat!($word, $end)).start();
            )+
        }
        let text: u128 = $text;
        if cfg!(not(feature = "std")) {
            // A loop over a table takes 2 KB less of code.
            let words = const { &[$(($crate::format::spelling::Spelling::new(concat!($word, $end)), Self::$variant, $word.len() as u32)),+] };
            return words.iter().find(|word| word.0.begins(text)).map(|word| (word.1, word.2));
        }
        match text as u32 {
            $(start::$variant if const { $crate::format::spelling::Spelling::new(concat!($word, $end)) }.begins(text) => {
                Some((Self::$variant, const { $word.len() as u32 }))
            })+
            _ => None,
        }
    }};
}
pub(crate) use spelled;
