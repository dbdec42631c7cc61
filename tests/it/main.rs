//! The integration tests: one binary.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod allocation;
#[cfg(test)]
mod api_keys;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod audit_chain;
#[cfg(test)]
mod audit_export;
#[cfg(test)]
mod audit_logs;
#[cfg(test)]
mod audit_scale;
#[cfg(test)]
mod auth;
#[cfg(test)]
mod authorization;
#[cfg(test)]
mod backups;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod differences;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod egress;
#[cfg(test)]
mod evaluate;
#[cfg(test)]
mod events;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod freezes;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod hostility;
#[cfg(test)]
mod http;
#[cfg(test)]
mod importers;
#[cfg(test)]
mod invitations;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod members;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod ofrep;
#[cfg(test)]
mod old_files;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod organizations;
#[cfg(test)]
mod people;
#[cfg(test)]
mod personal_tokens;
#[cfg(test)]
mod preconditions;
#[cfg(test)]
mod previews;
#[cfg(test)]
mod process;
#[cfg(test)]
mod project_files;
#[cfg(test)]
mod project_stream;
mod projects;
#[cfg(test)]
mod promotions;
#[cfg(test)]
mod ramps;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod restoration;
#[cfg(test)]
mod revisions;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod ruleset;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod sdk_clients;
#[cfg(test)]
mod secure_client;
#[cfg(test)]
mod segments;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod stale_flags;
#[cfg(test)]
mod starting;
#[cfg(test)]
mod stats;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod support;
#[cfg(test)]
mod targeting;
#[cfg(test)]
mod throwaway;
#[cfg(test)]
mod tour;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod warnings;
#[cfg(test)]
mod webhook_delivery;
#[cfg(test)]
mod webhook_durability;
#[cfg(test)]
mod webhooks;
