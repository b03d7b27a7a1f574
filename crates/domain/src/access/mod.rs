//! The record of reads: who got at which data, or was refused it. Nobody decides on these events; the server notes what
//! it has seen.

mod events;

use trunkline_kernel::Category;

pub use events::*;

/// The category of its streams: one stream for each server process, so that servers never wait for each other.
pub const CATEGORY: Category = Category::new("access");

words! {
    /// The way on which somebody got at data, or tried to.
    Way {
        /// A query of the API.
        Query = "query",
        /// A mutation of the API.
        Mutation = "mutation",
        /// A subscription of the API, at its beginning.
        Subscription = "subscription",
        /// A subscription of the API, at its end, with what it gave in the meantime.
        SubscriptionEnd = "subscription_end",
        /// A request to the API of which nothing could be read.
        Request = "request",
        /// One masked value, shown in the clear.
        Reveal = "reveal",
        /// All data on one person.
        Export = "export",
        /// A recording, heard.
        Playback = "playback",
        /// A recording, taken away as a file.
        Download = "download",
        /// Somebody came in, or wanted to.
        Login = "login",
        /// A command of the command line, by somebody who brought a token.
        Command = "command",
    }

    /// What became of it.
    Outcome {
        /// They got what they asked for.
        Allowed = "allowed",
        /// They got a part of it.
        Partial = "partial",
        /// They were refused.
        Refused = "refused",
        /// The server could not answer.
        Failed = "failed",
    }
}
