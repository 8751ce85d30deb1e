mod model;
mod relations;
mod simulation;
