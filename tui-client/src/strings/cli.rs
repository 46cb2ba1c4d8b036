//! Texts of the command line: help, prompts, results and errors of the verbs.
