//! The execution of slash commands on the parts of the core.

mod answer;
mod commands;
mod confirmation;
mod goto;
mod lookup;
mod submit;
