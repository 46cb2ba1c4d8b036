//! The full-screen terminal client of Recado.

pub mod app;
pub mod net;
pub mod store;
pub mod text;
pub mod ui;
