//! Reads the bytes of a head, and never past its end.

use super::{MAX_IDS, PacketError};
use uuid::Uuid;

pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], PacketError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(PacketError::MalformedHead)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PacketError> {
        self.take(N)?.try_into().map_err(|_| PacketError::MalformedHead)
    }

    pub(super) fn byte(&mut self) -> Result<u8, PacketError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, PacketError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, PacketError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, PacketError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn id<T>(&mut self, make: fn(Uuid) -> T) -> Result<T, PacketError> {
        self.array().map(Uuid::from_bytes).map(make)
    }

    pub(super) fn ids<T>(&mut self, make: fn(Uuid) -> T) -> Result<Vec<T>, PacketError> {
        let count = usize::from(self.u16()?);
        if count > MAX_IDS {
            return Err(PacketError::TooLarge);
        }
        (0..count).map(|_| self.id(make)).collect()
    }

    pub(super) const fn rest(self) -> &'a [u8] {
        self.0
    }
}

pub(super) fn write_ids(ids: impl ExactSizeIterator<Item = Uuid>, bytes: &mut Vec<u8>) -> Result<(), PacketError> {
    let count = u16::try_from(ids.len()).ok().filter(|_| ids.len() <= MAX_IDS).ok_or(PacketError::TooLarge)?;
    bytes.extend_from_slice(&count.to_be_bytes());
    ids.for_each(|id| bytes.extend_from_slice(id.as_bytes()));
    Ok(())
}
