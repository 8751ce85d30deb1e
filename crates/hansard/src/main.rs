//! The server and its command line: the only crate that reads arguments and the environment.
//!
//! One module per subcommand; what they share is in [`term`] (everything that is printed),
//! [`data_dir`] (where things are on disk) and [`credentials`] (the app's secret).
//!
//! Not here: what a command means, how an event is kept, what a request is answered. This crate
//! chooses the parts, connects them, and ends them in order.

mod audit;
mod bench;
mod cli;
mod clock;
mod credentials;
mod data_dir;
mod descriptors;
mod doctor;
mod import;
mod logs;
mod projections;
mod replay;
mod serve;
mod state;
mod term;
mod usersig;

use std::process::ExitCode;

use clap::Parser as _;

/// An event costs dozens of small allocations: the system's allocator took a tenth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    data_dir::privacy::mask();
    let cli = cli::Cli::parse();
    match cli.run() {
        Ok(code) => code,
        // Whoever read our output has had enough, as in `hansard replay | head`.
        Err(error) if term::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            term::error(&error);
            ExitCode::FAILURE
        }
    }
}
