//! Frames and requests that no command limit counts. A flood of them ends its own connection and delays no other
//! client. Honest clients are never closed for it.

mod floods;
mod honest;
mod memory;
mod offender;
