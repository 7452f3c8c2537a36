//! Project tooling: `cargo xtask <command>`.
//!
//! In: a command name and its arguments. Out: exit code 0 when the command did what it says, 1 with a chain of reasons
//! when not, 2 for a command that does not exist. Everything a person or CI runs on this project goes through here, so
//! that both run the same thing.

mod bench;
mod coverage;
mod crds;
mod dist;
mod examples;
mod fuzz;
mod generate;
mod lint;
mod open;
mod protocol;
mod run;
mod sim;
mod test;
mod testbed;
mod tools;
mod vectors;
mod workspace;

use anyhow::Result;
use std::process::ExitCode;

/// One command: its name, its arguments, what it does, and the function that does it.
struct Command {
    name: &'static str,
    arguments: &'static str,
    does: &'static str,
    run: fn(&[String]) -> Result<()>,
}

/// Every command. Adding one is one line here and one module.
const COMMANDS: &[Command] = &[
    Command { name: "lint", arguments: "[CHECK...]", does: lint::DOES, run: lint::run },
    Command { name: "test", arguments: "[--long] [-- ARGS]", does: test::DOES, run: test::run },
    Command {
        name: "sim",
        arguments: "[--seeds N] [--from S] [--steps M] [--controllers C] [--failures F]",
        does: sim::DOES,
        run: sim::run,
    },
    Command { name: "coverage", arguments: "[the arguments of sim]", does: coverage::DOES, run: coverage::run },
    Command { name: "protocol", arguments: "[--long] [WORLD...]", does: protocol::DOES, run: protocol::run },
    Command { name: "bench", arguments: "[FILTER]", does: bench::DOES, run: bench::run },
    Command { name: "fuzz", arguments: "[--seconds N] [TARGET...]", does: fuzz::DOES, run: fuzz::run },
    Command { name: "vectors", arguments: "FILE", does: vectors::DOES, run: vectors::run },
    Command {
        name: "gen",
        arguments: "--objects N --out DIR [--seed S] [--faults N] [--compact] [--managed-fields]",
        does: generate::DOES,
        run: generate::run,
    },
    Command { name: "examples", arguments: "[--write]", does: examples::DOES, run: examples::run },
    Command { name: "crds", arguments: "[--write]", does: crds::DOES, run: crds::run },
    Command { name: "testbed", arguments: "[build [--specs]|up|list|clean]", does: testbed::DOES, run: testbed::run },
    Command { name: "dist", arguments: "", does: dist::DOES, run: dist::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        eprint!("{}", usage());
        return ExitCode::from(2);
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        eprint!("{}", usage());
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprint!("error: there is no command `{name}`\n\n{}", usage());
        return ExitCode::from(2);
    };
    match (command.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cargo xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let lines = COMMANDS.iter().map(|c| format!("  {:<38} {}\n", format!("{} {}", c.name, c.arguments), c.does));
    format!("usage: cargo xtask COMMAND\n\n{}", lines.collect::<String>())
}
