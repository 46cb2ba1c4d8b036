//! The full-screen terminal client of Recado.

pub mod app;
pub mod config;
pub mod driver;
mod files;
pub mod identity;
pub mod net;
pub mod paths;
pub mod store;
pub mod telemetry;
pub mod terminal;
pub mod text;
pub mod ui;

pub use files::FileError;
