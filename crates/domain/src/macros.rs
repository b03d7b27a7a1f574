//! The three tables that declare things once: events, words and state machines.

/// Declares an aggregate's `Event`: variant, permanent name, schema version. Each variant carries the payload
/// type of the same name.
macro_rules! events {
    ($(#[$doc:meta])* $($variant:ident = $name:literal v $version:literal;)+) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $(
                #[doc = concat!("`", $name, "`, schema version ", stringify!($version), ".")]
                $variant($variant),
            )+
        }

        impl Event {
            /// Every event of this aggregate: name, version and schema.
            pub const DECLARED: &'static [$crate::EventDeclaration] = &[$(
                $crate::EventDeclaration {
                    name: $name,
                    version: $version,
                    schema: || schemars::schema_for!($variant),
                },
            )+];

            /// The permanent name, `category.past_tense`.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)+
                }
            }

            /// The name without its category, as state machines spell it.
            pub fn verb(&self) -> &'static str {
                self.name().split_once('.').map_or("", |(_, verb)| verb)
            }
        }

        impl trunkline_kernel::StoredEvent for Event {
            fn event_type(&self) -> trunkline_kernel::EventType {
                trunkline_kernel::EventType::known(self.name())
            }

            fn schema_version(&self) -> trunkline_kernel::SchemaVersion {
                trunkline_kernel::SchemaVersion(match self {
                    $(Self::$variant(_) => $version,)+
                })
            }

            fn payload(&self) -> serde_json::Result<trunkline_kernel::Payload> {
                match self {
                    $(Self::$variant(payload) => trunkline_kernel::Payload::of(payload),)+
                }
            }

            fn decode(event_type: &str, payload: &str) -> Result<Self, trunkline_kernel::UnknownEvent> {
                let read = match event_type {
                    $($name => serde_json::from_str(payload).map(Self::$variant),)+
                    _ => return Err(trunkline_kernel::UnknownEvent::Type { event_type: event_type.to_owned() }),
                };
                read.map_err(|source| trunkline_kernel::UnknownEvent::Shape {
                    event_type: event_type.to_owned(),
                    source,
                })
            }
        }

        $(
            impl From<$variant> for Event {
                fn from(payload: $variant) -> Self {
                    Self::$variant(payload)
                }
            }
        )+
    };
}

/// Declares a closed set of permanent words, as stored in payloads and columns.
macro_rules! words {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident { $($(#[doc = $meaning:literal])+ $variant:ident = $word:literal,)+ }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[doc = $meaning])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The permanent word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// What it means, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($meaning),+).trim_start(),)+
                }
            }

            /// The value of that word.
            pub fn named(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

/// Declares a state machine as data: its states with their meanings, and its transitions grouped by where they
/// start.
macro_rules! machine {
    (
        $(#[doc = $doc:literal])+
        $name:ident of $noun:literal starts $initial:ident {
            $($(#[doc = $meaning:literal])+ $state:ident = $word:literal { $($on:literal => $to:ident,)* })+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[doc = $meaning])+ #[serde(rename = $word)] $state,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self::$initial
            }
        }

        impl trunkline_kernel::State for $name {
            const MACHINE: &'static trunkline_kernel::Machine<Self> = &trunkline_kernel::Machine {
                name: $noun,
                initial: Self::$initial,
                transitions: &[
                    $($(trunkline_kernel::Transition { from: Self::$state, on: $on, to: Self::$to },)*)+
                ],
            };
            const ALL: &'static [Self] = &[$(Self::$state,)+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$state => $word,)+
                }
            }

            fn meaning(self) -> &'static str {
                match self {
                    $(Self::$state => concat!($($meaning),+).trim_start(),)+
                }
            }
        }
    };
}

/// Declares why an aggregate refuses: variant, permanent code, the input field it is about, the texts for people
/// in English and Chinese, and what to do. A variant may carry the state that stands in the way.
macro_rules! refusals {
    (
        $(#[$doc:meta])*
        Refusal {$(
            $(#[doc = $cause:literal])+
            $variant:ident $(($is:ident: $state:ty))? = $code:literal $(on $field:literal)? {
                $en:literal, $remedy:literal, $zh:literal,
            }
        )+}
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum Refusal {
            $(
                $(#[doc = $cause])+
                #[doc = concat!("\n\nCode `", $code, "`.")]
                $variant $(($state))?,
            )+
            /// A value of the command has no possible form.
            Input($crate::limits::InvalidInput),
        }

        impl Refusal {
            /// Every refusal of this aggregate.
            pub const DECLARED: &'static [$crate::RefusalDeclaration] = &[$(
                $crate::RefusalDeclaration {
                    code: $code,
                    field: $crate::messages::first(&[$($field)?]),
                    cause: concat!($($cause),+),
                    en: $en,
                    remedy: $remedy,
                    zh: $zh,
                },
            )+];
        }

        impl std::fmt::Display for Refusal {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant $(($is))? => {
                        f.write_str($en)?;
                        $(write!(f, " (it is {})", trunkline_kernel::State::name(*$is))?;)?
                        f.write_str(concat!(": ", $remedy))
                    })+
                    Self::Input(input) => input.fmt(f),
                }
            }
        }

        impl std::error::Error for Refusal {}

        impl trunkline_kernel::Refusal for Refusal {
            fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)+
                    Self::Input(input) => input.code(),
                }
            }

            fn field(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant { .. } => $crate::messages::first(&[$($field)?]),)+
                    Self::Input(input) => Some(input.field()),
                }
            }
        }

        impl From<$crate::limits::InvalidInput> for Refusal {
            fn from(input: $crate::limits::InvalidInput) -> Self {
                Self::Input(input)
            }
        }
    };
}
