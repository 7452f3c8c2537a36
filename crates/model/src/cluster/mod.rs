//! Simulated cluster parts.
