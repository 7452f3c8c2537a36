//! A container image made without a registry.
//!
//! In: the machine's static busybox and `tar`. Out: one OCI layout as a tar file, which `ctr images import` reads: one layer
//! with busybox and a link for each of its applets. Pods name it with `imagePullPolicy: Never`; it is the sandbox image too.

use crate::error::{Error, Result};
use crate::process::output;
use serde_json::{Value, json};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The image's name. The domain is the project's; nothing ever asks it for the image.
pub const IMAGE: &str = "ipledger.dev/testbed/busybox:1";

/// Makes `<folder>/busybox.tar`.
pub(crate) fn make(folder: &Path) -> Result<PathBuf> {
    let tar_file = folder.join("busybox.tar");
    if tar_file.exists() {
        return Ok(tar_file);
    }
    let layout = folder.join("image");
    let blobs = layout.join("blobs/sha256");
    let root = folder.join("image-root");
    fill(&root)?;
    std::fs::create_dir_all(&blobs).map_err(Error::file("create", &blobs))?;
    let layer = folder.join("layer.tar");
    pack(&root, &layer)?;
    let layer_bytes = std::fs::read(&layer).map_err(Error::file("read", &layer))?;
    let layer = put(&blobs, &layer_bytes)?;
    let config = config(&layer).to_string().into_bytes();
    let config = descriptor("application/vnd.oci.image.config.v1+json", &put(&blobs, &config)?, config.len());
    let layer = descriptor("application/vnd.oci.image.layer.v1.tar", &layer, layer_bytes.len());
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": [layer]});
    let manifest = manifest.to_string().into_bytes();
    let mut entry = descriptor(media_type, &put(&blobs, &manifest)?, manifest.len());
    entry["annotations"] = json!({"io.containerd.image.name": IMAGE, "org.opencontainers.image.ref.name": "1"});
    write(&layout.join("index.json"), json!({"schemaVersion": 2, "manifests": [entry]}).to_string().as_bytes())?;
    write(&layout.join("oci-layout"), br#"{"imageLayoutVersion": "1.0.0"}"#)?;
    pack(&layout, &tar_file)?;
    Ok(tar_file)
}

/// The root file system.
fn fill(root: &Path) -> Result<()> {
    for folder in ["bin", "dev", "etc", "proc", "sys", "tmp"] {
        let folder = root.join(folder);
        std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
    }
    let busybox = crate::packages::find_program("busybox")
        .ok_or_else(|| Error::Misuse("there is no busybox: apt-get install busybox-static".to_owned()))?;
    std::fs::copy(&busybox, root.join("bin/busybox")).map_err(Error::file("copy", &busybox))?;
    for applet in output(Command::new(&busybox).arg("--list"))?.lines().filter(|applet| *applet != "busybox") {
        let link = root.join("bin").join(applet);
        symlink("busybox", &link).map_err(Error::file("link", &link))?;
    }
    write(&root.join("etc/passwd"), b"root:x:0:0:root:/:/bin/sh\n")
}

/// The sandbox runs the image's own command, so it is one that waits.
fn config(layer_digest: &str) -> Value {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    json!({
        "architecture": architecture, "os": "linux",
        "config": {"Env": ["PATH=/bin"], "Cmd": ["sleep", "2147483647"]},
        "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
    })
}

fn descriptor(media_type: &str, digest: &str, size: usize) -> Value {
    json!({"mediaType": media_type, "digest": digest, "size": size})
}

/// Writes a blob under its digest.
fn put(blobs: &Path, content: &[u8]) -> Result<String> {
    let digest = crate::hex(ring::digest::digest(&ring::digest::SHA256, content).as_ref());
    write(&blobs.join(&digest), content)?;
    Ok(format!("sha256:{digest}"))
}

fn pack(folder: &Path, tar_file: &Path) -> Result<()> {
    let mut tar = Command::new("tar");
    tar.args(["--create", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]);
    output(tar.arg("--file").arg(tar_file).arg("--directory").arg(folder).arg(".")).map(drop)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    std::fs::write(path, content).map_err(Error::file("write", path))
}
