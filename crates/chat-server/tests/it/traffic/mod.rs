//! What clients send that no command limit counts: floods of it end their own connection and keep nobody else waiting,
//! and honest clients are never closed for it.

mod floods;
mod honest;
mod memory;
mod offender;
