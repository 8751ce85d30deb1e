//! End to end: the real binary, a real nats-server, real RocksDB, real Tantivy, real HTTP.

mod accounts;
mod contract;
mod crash;
mod damage;
mod full_disk;
mod harness;
mod house;
mod journey;
mod live;
mod own_nats;
mod partitions;
mod power_loss;
mod pressure;
mod private;
mod relations;
mod standstill;
mod startup;
mod tls;
mod two_servers;
