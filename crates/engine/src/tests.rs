mod model;
mod simulation;
