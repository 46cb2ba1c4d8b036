//! The headless relay server of Recado.

mod address;
pub mod relay;
pub mod store;
