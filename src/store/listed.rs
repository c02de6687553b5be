//! Walks over lists of which a part lies below.

use crate::records::Items;

/// A walk over a list: what is here, or that and what lies below.
pub(in crate::store) enum Listed<'s, T> {
    /// Nothing lies below.
    Here(Items<'s, T>),
    /// Both as one.
    United(Box<dyn Iterator<Item = T> + 's>),
}

impl<T: Copy> Iterator for Listed<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match self {
            Listed::Here(items) => items.next(),
            Listed::United(items) => items.next(),
        }
    }
}

/// Two ascending walks as one, what both have once.
pub(in crate::store) fn united<T: Ord + Copy>(
    x: impl Iterator<Item = T>,
    y: impl Iterator<Item = T>,
) -> impl Iterator<Item = T> {
    let (mut x, mut y) = (x.peekable(), y.peekable());
    std::iter::from_fn(move || {
        let least = match (x.peek(), y.peek()) {
            (Some(x), Some(y)) => *x.min(y),
            (Some(one), None) | (None, Some(one)) => *one,
            (None, None) => return None,
        };
        x.next_if_eq(&least);
        y.next_if_eq(&least);
        Some(least)
    })
}
