//! State machines as data. The check in the code, the enum in GraphQL and the diagram in the documentation all
//! come from the one declaration.

use std::fmt;

/// A state of a machine: a plain enum whose values have permanent names.
pub trait State: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// The machine that this is a state of.
    const MACHINE: &'static Machine<Self>;
    /// Every state, in the order of declaration.
    const ALL: &'static [Self];

    /// The permanent name, `IN_CALL`.
    fn name(self) -> &'static str;

    /// What the state means, in a sentence.
    fn meaning(self) -> &'static str;

    /// The state of that name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.name() == name)
    }
}

/// One permitted step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition<S> {
    /// Where it starts.
    pub from: S,
    /// The event that takes it, without its category: `bridged`.
    pub on: &'static str,
    /// Where it ends.
    pub to: S,
}

/// A declared state machine.
#[derive(Debug)]
pub struct Machine<S: 'static> {
    /// Its noun: `call`.
    pub name: &'static str,
    /// Where it starts.
    pub initial: S,
    /// Every permitted step.
    pub transitions: &'static [Transition<S>],
}

/// A step that the machine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {machine} that is {from} cannot be {on}")]
pub struct IllegalTransition {
    /// Which machine.
    pub machine: &'static str,
    /// The state it is in.
    pub from: &'static str,
    /// The event that was refused.
    pub on: &'static str,
}

impl<S: State> Machine<S> {
    /// Where `on` leads from `from`.
    ///
    /// # Errors
    /// When the machine has no such step.
    pub fn step(&self, from: S, on: &'static str) -> Result<S, IllegalTransition> {
        self.transitions
            .iter()
            .find(|step| step.from == from && step.on == on)
            .map(|step| step.to)
            .ok_or(IllegalTransition { machine: self.name, from: from.name(), on })
    }

    /// Whether nothing leads on from `state`.
    pub fn is_final(&self, state: S) -> bool {
        !self.transitions.iter().any(|step| step.from == state)
    }

    /// The machine as a Mermaid state diagram.
    pub fn mermaid(&self) -> String {
        let mut diagram = format!("stateDiagram-v2\n    [*] --> {}\n", self.initial.name());
        for step in self.transitions {
            diagram.push_str(&format!("    {} --> {}: {}\n", step.from.name(), step.to.name(), step.on));
        }
        for state in S::ALL.iter().filter(|state| self.is_final(**state)) {
            diagram.push_str(&format!("    {} --> [*]\n", state.name()));
        }
        diagram
    }
}
