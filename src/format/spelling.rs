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

/// A word and its delimiter, 4 to 16 bytes, to compare with the start of a text.
pub(crate) struct Spelling {
    /// Word and delimiter, the first byte lowest, with zeros after them.
    bytes: u128,
    /// Mask of `bytes`: ones where the word and its delimiter are, zeros after them.
    mask: u128,
}

impl Spelling {
    /// Returns the spelling of a word with its delimiter. Fewer than 4 bytes, or more than 16, do not compile: [`spelled`] compares
    /// the first four bytes, then all of 16.
    pub(crate) const fn new(word: &str) -> Self {
        assert!(4 <= word.len() && word.len() <= 16, "4 to 16 bytes, with the delimiter");
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

/// Makes the body of a function that finds which word of a list a text begins with, `$text` being the first 16 bytes of the text.
/// The word's delimiter has to follow it. The function returns the word's variant of `Self` and its length without the delimiter, or
/// `None` if the text begins with no word of the list.
///
/// A few branches on the first four bytes leave one to three words of the list to compare. The length of each of these is a constant
/// in its branch: once the processor has predicted the branch, it knows the index of the next field, before the text has been loaded.
/// A perfect hash would read the length from a table, and the processor would wait for it: a line of tor 0.4.9 takes a fifth more time.
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
            let words = const {
                &[$((
                    $crate::format::spelling::Spelling::new(concat!($word, $delimiter)),
                    Self::$variant,
                    $word.len() as u32,
                )),+]
            };
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
