//! The output of streams that have ended, which a thread that reads a log makes.

use core::mem;
use std::io;

use crate::command::note::Life;

/// The output of streams that have ended, in the order of their ends.
///
/// The threads that read make the output, so that little is left to the one thread that prints or merges in order.
pub(crate) trait LifeRows: Send + Sync + Sized + 'static {
    /// Output that is ready to be passed on.
    type Ready: Send + 'static;

    /// Returns output of the same kind, without a stream.
    fn fresh(&self) -> Self;

    /// Adds a stream.
    ///
    /// # Errors
    ///
    /// If the output cannot be made.
    fn add(&mut self, life: Life) -> io::Result<()>;

    /// Returns the number of streams.
    fn len(&self) -> usize;

    /// Adds the streams of a later range, and inserts others between them: each item of `inserted` is a stream, and the number
    /// of the range's streams before it. These numbers are in ascending order.
    ///
    /// # Errors
    ///
    /// If the output cannot be made.
    fn append(&mut self, later: Self, inserted: Vec<(usize, Life)>) -> io::Result<()>;

    /// Removes and returns the output so far. `None` if there is none.
    ///
    /// # Errors
    ///
    /// If the output cannot be made.
    fn take(&mut self) -> io::Result<Option<Self::Ready>>;
}

/// The facts about a stream that has ended, as a command needs them. A thread that reads makes them of the life, and
/// frees the rest of it.
pub(crate) trait FromLife: Send + Sync + Sized + 'static {
    /// Returns the facts about a stream.
    ///
    /// # Errors
    ///
    /// If they cannot be encoded.
    fn from_life(life: Life) -> io::Result<Self>;
}

impl FromLife for Life {
    fn from_life(life: Life) -> io::Result<Self> {
        Ok(life)
    }
}

impl<T: FromLife> LifeRows for Vec<T> {
    type Ready = Self;

    fn fresh(&self) -> Self {
        Self::new()
    }

    fn add(&mut self, life: Life) -> io::Result<()> {
        self.push(T::from_life(life)?);
        Ok(())
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn append(&mut self, later: Self, inserted: Vec<(usize, Life)>) -> io::Result<()> {
        let (mut later, mut moved) = (later.into_iter(), 0);
        for (number_before, life) in inserted {
            self.extend(later.by_ref().take(number_before - moved));
            moved = number_before;
            self.add(life)?;
        }
        self.extend(later);
        Ok(())
    }

    fn take(&mut self) -> io::Result<Option<Self>> {
        Ok(if self.is_empty() { None } else { Some(mem::take(self)) })
    }
}
