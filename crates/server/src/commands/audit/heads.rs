//! `trunkline audit heads` and `trunkline audit key`.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use trunkline_notary::SignedHead;

use super::arguments::{Heads, Key};
use crate::config::Settings;
use crate::{notary, store};

/// Heads that are read at once.
const PAGE: u32 = 1_000;

pub(super) async fn run(settings: &Settings, arguments: &Heads) -> anyhow::Result<ExitCode> {
    let Some(books) = notary::find_books(settings).await? else {
        bail!("the notary has no books here yet; start the server, which signs the log")
    };
    if arguments.all {
        let mut after = 0;
        loop {
            let heads = books.heads_after(after, PAGE).await?;
            let Some(last) = heads.last() else { break };
            after = last.number;
            heads.iter().try_for_each(|head| show(&head.signed, arguments.json))?;
        }
    } else {
        // Numbers in the databases are signed.
        let heads = books.heads_before(u64::MAX >> 1, arguments.count).await?;
        heads.iter().try_for_each(|head| show(&head.signed, arguments.json))?;
    }
    books.close().await;
    Ok(ExitCode::SUCCESS)
}

fn show(signed: &SignedHead, json: bool) -> anyhow::Result<()> {
    let head = &signed.head;
    crate::say(&if json {
        serde_json::to_string(signed)?
    } else {
        let next = head.next_key.map(|next| format!("  hands over to {}", next.id())).unwrap_or_default();
        format!("{:>12}  {}  {}  key {}{next}", head.size, head.signed_at, head.root, signed.key)
    });
    Ok(())
}

pub(super) async fn key(settings: &Settings, arguments: &Key) -> anyhow::Result<ExitCode> {
    let file = notary::key_file(settings);
    let key = file.read()?.with_context(|| {
        format!("there is no key at {}; the server makes one when it starts", file.path().display())
    })?;
    if !arguments.rotate {
        crate::say(key.public().to_pem().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let Some(books) = notary::find_books(settings).await? else {
        bail!("the notary has no books here yet, so there is nothing to hand over")
    };
    let turn = books.last_head().await?.map_or(key.public().id(), |last| last.signer());
    if turn != key.public().id() {
        // An earlier handing over was interrupted before the file was moved.
        file.take_over(turn)?;
        crate::say(&format!("Key {turn} has taken over."));
        return Ok(ExitCode::SUCCESS);
    }
    let next_key = file.next()?;
    let next = next_key.public();
    let lease = settings.notary.follow.lease;
    let signed = books.rotate(&key, &next_key, &*store::clock(), store::ids().uuid(), lease).await;
    let signed = signed.context("the key was not handed over; is a server running that keeps the tree?")?;
    file.take_over(next.id())?;
    books.close().await;
    let (old, size) = (key.public().id(), signed.signed.head.size);
    crate::say(&format!("Key {old} has handed over to {} at size {size}. Its public key:", next.id()));
    crate::say(next.to_pem().trim_end());
    Ok(ExitCode::SUCCESS)
}
