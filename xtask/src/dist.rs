//! `cargo xtask dist`: the one static binary that people copy to a machine.
//!
//! In: the workspace. Out: `target/dist/ipledger-<version>-<target>`, checked to need no loader and no shared library, and
//! run once. Links with the system's gcc: no musl-gcc is needed, since rustc brings musl's own start files.

use crate::{run::Run, workspace};
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "build the static binary target/dist/ipledger-*";

/// Builds, checks and copies the binary.
///
/// # Errors
/// The target cannot be installed, the build fails, or the result is not static or does not run.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "it takes no arguments");
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let metadata = workspace::metadata(&workspace::root().join("Cargo.toml"))?;
    let binary = metadata.packages.iter().find(|package| package.name == "ipledger");
    let version = &binary.context("no crate `ipledger` in the workspace")?.version;

    Run::new("rustup").args(["target", "add", &target]).go()?;
    let compiler = format!("CC_{}", target.replace('-', "_"));
    Run::cargo()
        .args(["build", "--release", "--locked", "--package", "ipledger", "--target", &target])
        .env(&compiler, "gcc")
        .go()?;

    let built = metadata.target_directory.join(&target).join("release/ipledger");
    let bytes = std::fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    static_elf(&bytes).with_context(|| format!("{} is not a static binary", built.display()))?;
    let said = Run::new(&built).arg("--version").output()?;

    let folder = metadata.target_directory.join("dist");
    let kept = folder.join(format!("ipledger-{version}-{target}"));
    copy(&built, &folder, &kept)?;
    eprintln!("{}: {} bytes, static, says `{}`", kept.display(), bytes.len(), said.trim());
    Ok(())
}

fn copy(built: &Path, folder: &Path, kept: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::copy(built, kept).with_context(|| format!("cannot copy {} to {}", built.display(), kept.display()))?;
    Ok(())
}

/// Program header type that names the dynamic loader (ELF-64 object file format, "Program Header").
const PT_INTERP: u32 = 3;
/// Program header type that points to the dynamic section.
const PT_DYNAMIC: u32 = 2;
/// Entry of the dynamic section that names a shared library.
const DT_NEEDED: u64 = 1;

/// Fails unless the bytes are a 64-bit little-endian ELF file without a loader and without needed libraries. (A static
/// position-independent binary has a dynamic section, for its own relocations.)
fn static_elf(bytes: &[u8]) -> Result<()> {
    ensure!(bytes.starts_with(b"\x7fELF\x02\x01"), "no 64-bit little-endian ELF header");
    let table = number(bytes, 0x20, 8)?;
    let (size, count) = (number(bytes, 0x36, 2)?, number(bytes, 0x38, 2)?);
    for header in (0..count).map(|index| table + index * size) {
        match u32::try_from(number(bytes, header, 4)?)? {
            PT_INTERP => bail!("it asks for a dynamic loader"),
            PT_DYNAMIC => {
                let (start, length) = (number(bytes, header + 8, 8)?, number(bytes, header + 32, 8)?);
                for entry in (start..start + length).step_by(16) {
                    ensure!(number(bytes, entry, 8)? != DT_NEEDED, "it needs a shared library");
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A little-endian number of `width` bytes at an offset.
fn number(bytes: &[u8], offset: u64, width: usize) -> Result<u64> {
    let start = usize::try_from(offset)?;
    let field = bytes.get(start..start.saturating_add(width)).with_context(|| format!("cut off at byte {offset}"))?;
    Ok(field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF header with one program header of the given kind, and a dynamic section with the given entries behind it.
    fn elf(kind: u32, dynamic: &[u64]) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[0x20] = 64;
        bytes[0x36] = 56;
        bytes[0x38] = 1;
        bytes.extend(kind.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(120_u64.to_le_bytes());
        bytes.extend([0; 16]);
        bytes.extend((16 * dynamic.len() as u64).to_le_bytes());
        bytes.extend([0; 16]);
        for tag in dynamic {
            bytes.extend(tag.to_le_bytes());
            bytes.extend([0; 8]);
        }
        bytes
    }

    #[test]
    fn a_static_binary_with_its_own_relocations_passes() {
        static_elf(&elf(PT_DYNAMIC, &[7, 0])).unwrap();
    }

    #[test]
    fn a_loader_or_a_needed_library_is_found() {
        assert!(static_elf(&elf(PT_INTERP, &[])).unwrap_err().to_string().contains("loader"));
        assert!(static_elf(&elf(PT_DYNAMIC, &[7, DT_NEEDED, 0])).unwrap_err().to_string().contains("library"));
    }

    #[test]
    fn a_cut_off_file_is_an_error_and_no_panic() {
        let whole = elf(PT_DYNAMIC, &[7, 0]);
        // The last eight bytes are a value that nobody reads.
        assert!((0..whole.len() - 8).all(|length| static_elf(&whole[..length]).is_err()));
    }

    #[test]
    fn this_very_program_is_not_static() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(static_elf(&own).is_err());
    }
}
