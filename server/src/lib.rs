//! The headless relay server of Recado.

pub mod relay;
pub mod store;
