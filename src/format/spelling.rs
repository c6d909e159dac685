//! Words of a list, recognized by the first 16 bytes of a text.
//!
//! `crate::word` and [`keyword`](super::keyword) make their functions `of_start` with the macro [`spelled`].

/// Returns the first 16 bytes of `text`, the first one lowest, with zeros after its end.
const fn first_bytes(text: &[u8]) -> u128 {
    let mut bytes = 0;
    let mut rest = text;
    let mut shift = 0;
    while shift < u128::BITS {
        let [byte, after @ ..] = rest else { break };
        bytes |= (*byte as u128) << shift;
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
    /// Returns the spelling of a word with its delimiter, together 4 to 16 bytes: a longer one does not compile in a `const`,
    /// since the subtraction overflows.
    pub(crate) const fn new(word: &str) -> Self {
        Self { bytes: first_bytes(word.as_bytes()), mask: u128::MAX >> (128 - 8 * word.len()) }
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

/// Makes the whole body of a function, which finds the word of a list that a text begins with: `$text` is the text's first 16
/// bytes, and a delimiter has to follow the word. The function returns the word's variant of `Self` and its length without the
/// delimiter, or `None`.
///
/// A few branches on the first four bytes leave one to three words to compare. The processor predicts the branches, and so
/// knows where the next field begins before it has loaded the word. A perfect hash would read the length from a table, for which
/// the processor has to wait: a fifth more time for a modern line.
macro_rules! spelled {
    ($text:expr, $($variant:ident = $word:literal before $delimiter:literal,)+) => {{
        /// The first four bytes of each word.
        #[allow(non_upper_case_globals, reason = "named after the variants")]
        mod start {
            $(
                #[doc = $word]
                pub(super) const $variant: u32 = $crate::format::spelling::Spelling::new(concat!($word, $delimiter)).start();
            )+
        }
        let text: u128 = $text;
        if cfg!(not(feature = "std")) {
            // A loop over a table takes 2 KB less of code.
            let words = const { &[$(($crate::format::spelling::Spelling::new(concat!($word, $delimiter)), Self::$variant, $word.len() as u32)),+] };
            return words.iter().find(|word| word.0.begins(text)).map(|word| (word.1, word.2));
        }
        match text as u32 {
            $(start::$variant if const { $crate::format::spelling::Spelling::new(concat!($word, $delimiter)) }.begins(text) => {
                Some((Self::$variant, const { $word.len() as u32 }))
            })+
            _ => None,
        }
    }};
}
pub(crate) use spelled;
