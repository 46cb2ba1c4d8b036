//! The full-screen terminal client of Recado.

pub mod app;
pub mod cli;
pub mod client;
pub mod config;
pub mod driver;
pub mod exit;
mod files;
pub mod identity;
pub mod net;
mod output;
pub mod paths;
pub mod store;
pub mod telemetry;
pub mod terminal;
pub mod text;
pub mod ui;
mod verbs;

pub use files::FileError;
