//! Deciders: command, view of the state and time make events or a refusal.
