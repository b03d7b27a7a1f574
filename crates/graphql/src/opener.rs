//! The one place where sealed values become readable. Who sees how much of them is the guard's: what is withheld is
//! not even opened, and what is masked is masked on its way out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Enum};
use serde::de::DeserializeOwned;
use trunkline_kernel::{Personal, Subject};
use trunkline_vault::{Keys, Openable as _, SealedValue, Shown, Vault};

use crate::access::{Seer, Sight, sight};
use crate::error::{ApiError, ApiResult};

/// How long the keys that a page needs are gathered before they are fetched together.
const GATHER: Duration = Duration::from_micros(300);
/// How many keys one look-up fetches.
const KEYS_MAX: usize = 500;

/// How a personal value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum PersonalState {
    /// There is none.
    Absent,
    /// It is shown.
    Clear,
    /// So much of it is shown as the caller may see.
    Masked,
    /// There is one, and the caller may not see it.
    Withheld,
    /// The person was erased; nobody can read it any more.
    Erased,
}

/// Opens sealed values with keys that are fetched for many at once.
#[derive(Clone)]
pub(crate) struct Opener(Arc<DataLoader<KeyLoader>>);

struct KeyLoader(Arc<Vault>);

impl Loader<Subject> for KeyLoader {
    type Value = Keys;
    type Error = ApiError;

    async fn load(&self, subjects: &[Subject]) -> ApiResult<HashMap<Subject, Keys>> {
        let found = self.0.existing(subjects).await.map_err(|error| ApiError::fault(&error))?;
        Ok(subjects.iter().map(|subject| (*subject, found.of(*subject))).collect())
    }
}

impl Opener {
    pub(crate) fn new(vault: Arc<Vault>) -> Self {
        let keys = DataLoader::new(KeyLoader(vault), tokio::spawn).delay(GATHER).max_batch_size(KEYS_MAX);
        Self(Arc::new(keys))
    }

    async fn open<T>(&self, value: &Personal<T>) -> ApiResult<Shown<T>>
    where
        T: DeserializeOwned + Clone,
    {
        let subject = match value {
            Personal::Sealed(sealed) => SealedValue::read(&sealed.0).ok().map(|sealed| sealed.subject()),
            Personal::Open(_) | Personal::Erased => None,
        };
        let keys = match subject {
            Some(subject) => self.0.load_one(subject).await?.unwrap_or_default(),
            None => Keys::default(),
        };
        Ok(value.opened(&keys))
    }
}

/// The text of a value, where it can be read; [`state`] says why there is none.
pub(crate) async fn text<T>(ctx: &Context<'_>, value: Option<&Personal<T>>) -> ApiResult<Option<String>>
where
    T: DeserializeOwned + Clone + AsRef<str>,
{
    let Some(value) = value else { return Ok(None) };
    let shown = ctx.data_unchecked::<Opener>().open(value).await?;
    Ok(shown.clear().map(|text| text.as_ref().to_owned()))
}

/// How the value of a field stands for the caller.
pub(crate) async fn state<T>(
    ctx: &Context<'_>,
    (of, field): (&str, &str),
    value: Option<&Personal<T>>,
) -> ApiResult<PersonalState>
where
    T: DeserializeOwned + Clone,
{
    let Some(value) = value else { return Ok(PersonalState::Absent) };
    let sight = sight(&ctx.data_unchecked::<Seer>().scope(), of, field);
    if sight == Sight::Nothing {
        return Ok(PersonalState::Withheld);
    }
    Ok(match ctx.data_unchecked::<Opener>().open(value).await? {
        Shown::Clear(_) if sight == Sight::Clear => PersonalState::Clear,
        Shown::Clear(_) | Shown::Masked(_) => PersonalState::Masked,
        Shown::Withheld => PersonalState::Withheld,
        Shown::Erased => PersonalState::Erased,
    })
}
