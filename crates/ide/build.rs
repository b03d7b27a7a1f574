//! Embeds the pages: our own plain page always, and GraphiQL when `cargo xtask` has built it into
//! `deploy/ide/dist`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let (plain, bundle) = (here.join("fallback"), here.join("../../deploy/ide/dist"));
    let mut files = Vec::new();
    collect(&plain, &plain, &mut files)?;
    collect(&bundle, &bundle, &mut files)?;
    let mut table = String::from("static FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in &files {
        writeln!(table, "    ({name:?}, include_bytes!({path:?})),").map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    fs::write(out.join("files.rs"), table)?;
    println!("cargo::rerun-if-changed=fallback");
    // The folder is always there, with nothing but a .gitignore when the bundle is not built.
    println!("cargo::rerun-if-changed=../../deploy/ide/dist");
    Ok(())
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.file_name().is_none_or(|name| name != ".gitignore") {
            let name = path.strip_prefix(root).map_err(io::Error::other)?.to_string_lossy().into_owned();
            files.push((name, path.canonicalize()?));
        }
    }
    Ok(())
}
