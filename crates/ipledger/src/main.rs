//! The `ipledger` binary: arguments in, one library function, exit code out.
//!
//! In: the command line. Out: text on stdout, progress and errors on stderr, an exit code. Guarantees: 0 only where
//! nothing is wrong and everything was read; wrong use and failures are 2, with what failed and what to do.

mod args;
mod commands;
mod ignore;
mod live;
mod narrate;
mod output;
mod progress;
mod source;

use std::process::ExitCode;

/// musl's allocator takes one lock for all threads, and reading is spread over threads. glibc's has a heap for each of them, in which a
/// controller's objects lie among the pages of lists that are gone. One allocator everywhere: what is measured is what is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = if commands::run::is_plugin() { commands::run::plugin() } else { commands::run(args::parse()) };
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            output::complain(&error);
            output::Exit::Failed.into()
        }
    }
}
