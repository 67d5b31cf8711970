//! The build of the runtime for WebAssembly, whose path goes to `src/lib.rs`.
//!
//! A nested `cargo` does the work, in a target folder of its own: it cannot share the outer one's lock. It builds with
//! the toolchain that has `wasm32v1-none`: the active one, or the one named `debian` that `scripts/setup` links where
//! rustup cannot download targets. `WASM_BUILD_TOOLCHAIN` names another, `SKIP_WASM_BUILD` leaves the blob out.
//! docs/decisions/0002-wasm-build.md gives the reasons against `substrate-wasm-builder`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

const TARGET: &str = "wasm32v1-none";
const FALLBACK_TOOLCHAIN: &str = "debian";
const RUST_FLAGS: &str = "--cfg substrate_runtime -Clink-arg=--export=__heap_base -Clink-arg=--export-table";

/// The environment variable that asks for the blob of the next version too, which tests of upgrades need.
const NEXT_RUNTIME: &str = "MYELIN_NEXT_RUNTIME";

/// The feature of the next version.
const NEXT_FEATURE: &str = "next-version";

/// The file with the hash of the metadata. Signing devices show a call by metadata of this hash, and the blob refuses
/// the call if it has other metadata. `make accept` writes the file.
const METADATA_HASH: &str = "metadata-hash";

/// The environment variables of the outer build about its own compilers and folders.
const OUTER_ONLY: [&str; 5] =
    ["CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER", "RUSTFLAGS"];

fn main() {
    println!("cargo::rustc-check-cfg=cfg(wasm_binary, next_wasm_binary)");
    for variable in ["SKIP_WASM_BUILD", "WASM_BUILD_TOOLCHAIN", NEXT_RUNTIME] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    // The nested build runs this script too, without `std`. It makes the blob and must not start another build.
    if env::var_os("CARGO_FEATURE_STD").is_none() || env::var_os("SKIP_WASM_BUILD").is_some() {
        println!("cargo::rerun-if-changed=build.rs");
        return;
    }
    if let Err(reason) = build() {
        eprintln!("the WebAssembly runtime was not built: {reason}");
        // Cargo shows what the nested build printed only when this script fails by itself.
        process::exit(1);
    }
}

/// Builds the blobs, and tells the crate their paths.
fn build() -> Result<(), String> {
    if env::var_os(NEXT_RUNTIME).is_some() {
        let blob = build_blob(&["--features", NEXT_FEATURE], "next_runtime.wasm")?;
        println!("cargo::rustc-cfg=next_wasm_binary");
        println!("cargo::rustc-env=NEXT_WASM_BINARY_PATH={}", blob.display());
    }
    let blob = build_blob(&[], "myelin_runtime.wasm")?;
    println!("cargo::rustc-cfg=wasm_binary");
    println!("cargo::rustc-env=WASM_BINARY_PATH={}", blob.display());
    Ok(())
}

/// Builds a blob with these options, and returns its path.
fn build_blob(options: &[&str], name: &str) -> Result<PathBuf, String> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let profile = if variable("PROFILE")? == "release" { "wasm-release" } else { "wasm" };
    let target_dir = target_dir(&out)?.join("wasm");
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let hash = fs::read_to_string(folder.join(METADATA_HASH)).map_err(|error| format!("{METADATA_HASH}: {error}"))?;

    let mut cargo = cargo()?;
    cargo
        .args(["rustc", "--lib", "--crate-type", "cdylib", "--no-default-features"])
        .args(options)
        .args(["--target", TARGET, "--profile", profile])
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target_dir)
        .env(format!("CARGO_TARGET_{}_RUSTFLAGS", TARGET.to_uppercase().replace('-', "_")), RUST_FLAGS)
        .env("RUNTIME_METADATA_HASH", hash.trim());
    let status = cargo.status().map_err(|error| format!("cargo did not start: {error}"))?;
    if !status.success() {
        return Err(format!("`{cargo:?}` ended with {status}"));
    }

    let artifacts = target_dir.join(TARGET).join(profile);
    rerun_if_sources_change(&artifacts.join("myelin_runtime.d"))?;
    let blob = out.join(name);
    fs::copy(artifacts.join("myelin_runtime.wasm"), &blob).map_err(|error| format!("no blob: {error}"))?;
    Ok(blob)
}

/// Returns a `cargo` of a toolchain with the target, without the environment of the outer build.
fn cargo() -> Result<Command, String> {
    let toolchain = match env::var("WASM_BUILD_TOOLCHAIN") {
        Ok(named) => Some(named),
        Err(_) if has_target(Command::new(variable("RUSTC")?)) => None,
        Err(_) if has_target(rustup_run(FALLBACK_TOOLCHAIN, "rustc")) => Some(FALLBACK_TOOLCHAIN.to_owned()),
        Err(_) => return Err(format!("no toolchain has the target {TARGET}; run `scripts/setup`")),
    };
    let mut cargo = match toolchain {
        Some(name) => {
            let mut cargo = rustup_run(&name, "cargo");
            cargo.env_remove("RUSTC").env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
            cargo
        }
        None => Command::new(variable("CARGO")?),
    };
    // Child processes inherit the variables that Cargo set for this script, and the nested Cargo would use them.
    for (told, _) in env::vars_os() {
        let about_this_package = told.to_string_lossy().starts_with("CARGO_FEATURE_");
        if about_this_package || OUTER_ONLY.iter().any(|name| told == *name) {
            cargo.env_remove(told);
        }
    }
    Ok(cargo)
}

fn rustup_run(toolchain: &str, program: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", toolchain, program]);
    command
}

fn has_target(mut rustc: Command) -> bool {
    let Ok(output) = rustc.args(["--print", "target-libdir", "--target", TARGET]).output() else { return false };
    output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
}

/// Returns the folder that holds this build's profile folder: `OUT_DIR` is `TARGET/PROFILE/build/PACKAGE/out`.
fn target_dir(out: &Path) -> Result<&Path, String> {
    out.ancestors().nth(4).ok_or_else(|| format!("{} is not in a target folder", out.display()))
}

/// Prints the source files of the blob from its dependency file, so that Cargo builds it again when they change.
fn rerun_if_sources_change(dep_info: &Path) -> Result<(), String> {
    let text = fs::read_to_string(dep_info).map_err(|error| format!("{}: {error}", dep_info.display()))?;
    let (_, sources) = text.split_once(": ").ok_or_else(|| format!("{} lists no source", dep_info.display()))?;
    for source in sources.split_whitespace() {
        println!("cargo::rerun-if-changed={source}");
    }
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    for file in [METADATA_HASH, "../../../Cargo.toml", "../../../Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", folder.join(file).display());
    }
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
