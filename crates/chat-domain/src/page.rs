use crate::InvalidValue;

/// The number of a page, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageNumber(u32);

impl PageNumber {
    /// The first page.
    pub const FIRST: Self = Self(1);
    /// The highest page number.
    pub const MAX: u32 = 10_000_000;

    /// Checks that the number is between 1 and [`Self::MAX`].
    pub fn parse(number: u64) -> Result<Self, InvalidValue> {
        match u32::try_from(number) {
            Ok(number @ 1..=Self::MAX) => Ok(Self(number)),
            _ => Err(InvalidValue::OutOfRange { least: 1, most: u64::from(Self::MAX) }),
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The maximum number of items on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageLimit(u32);

impl PageLimit {
    /// The maximum limit (contract §1).
    pub const MAX: u32 = 100;
    /// The default of lists.
    pub const DEFAULT: Self = Self(20);
    /// One item.
    pub const ONE: Self = Self(1);
    /// The maximum, as the default of lists that return everything.
    pub const GREATEST: Self = Self(Self::MAX);
    /// The default of histories.
    pub const HISTORY_DEFAULT: Self = Self(50);

    /// Checks that the number is between 1 and [`Self::MAX`].
    pub fn parse(number: u64) -> Result<Self, InvalidValue> {
        match u32::try_from(number) {
            Ok(number @ 1..=Self::MAX) => Ok(Self(number)),
            _ => Err(InvalidValue::OutOfRange { least: 1, most: u64::from(Self::MAX) }),
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A request for a page of a page-numbered list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// The number of the page.
    pub number: PageNumber,
    /// The maximum number of items on the page.
    pub limit: PageLimit,
}

impl PageRequest {
    /// The number of items before this page.
    pub const fn offset(self) -> u64 {
        (self.number.get() as u64 - 1) * self.limit.get() as u64
    }
}

/// A page of a list, with the length of the whole list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, at most `request.limit`.
    pub items: Vec<T>,
    /// The number of items on all pages together.
    pub total: u64,
    /// The request.
    pub request: PageRequest,
}

impl<T> Page<T> {
    /// The number of pages; zero for an empty list.
    pub fn total_pages(&self) -> u64 {
        self.total.div_ceil(u64::from(self.request.limit.get()))
    }

    /// Whether a later page has more items.
    pub fn has_more(&self) -> bool {
        u64::from(self.request.number.get()) < self.total_pages()
    }

    /// Returns the page with each item converted.
    pub fn map<U>(self, to: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(to).collect(), total: self.total, request: self.request }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(number: u64, limit: u64) -> PageRequest {
        PageRequest {
            number: PageNumber::parse(number).expect("a page"),
            limit: PageLimit::parse(limit).expect("a limit"),
        }
    }

    proptest! {
        #[test]
        fn pages_cover_a_list_once(total in 0_u64..1_000, limit in 1_u64..=100) {
            let mut covered = 0;
            let mut number = 1;
            loop {
                let request = request(number, limit);
                prop_assert_eq!(request.offset(), covered);
                let here = limit.min(total.saturating_sub(request.offset()));
                covered += here;
                let page = Page { items: vec![(); usize::try_from(here).unwrap_or(0)], total, request };
                if !page.has_more() { break; }
                number += 1;
            }
            prop_assert_eq!(covered, total);
        }
    }

    #[test]
    fn numbers_and_limits_have_bounds() {
        assert!(PageNumber::parse(0).is_err());
        assert!(PageNumber::parse(u64::MAX).is_err());
        assert!(PageLimit::parse(0).is_err());
        assert!(PageLimit::parse(101).is_err());
        assert_eq!(PageLimit::parse(100).map(PageLimit::get), Ok(100));
        let page = Page { items: vec![1, 2], total: 2, request: request(1, 2) }.map(|item| item * 2);
        assert_eq!((page.items, page.total), (vec![2, 4], 2));
    }
}
