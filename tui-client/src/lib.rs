//! The full-screen terminal client of Recado.

pub mod app;
pub mod config;
mod files;
pub mod identity;
pub mod net;
pub mod paths;
pub mod store;
pub mod text;
pub mod ui;

pub use files::FileError;
